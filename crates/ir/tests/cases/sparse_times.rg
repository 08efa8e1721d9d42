# Samples before the first and after the last step read zero and are not written.
#: extents 2
#: steps 3
#: points s = 1
#: points r = 1
#: set s = 1 2 3
#: set r = -7
#: run forward 0..3
#: expect u = 0 20
#: expect r = -7 2 13
stencil sparse_times f64
dim x
time function u(x) levels 2
sparse s linear
sparse r linear
step forward {
  u[t+1] = 0;
  inject s into u[t+1]: s[t+1] + 10 * s[t-1];
  interpolate r[t+1]: u[t+1];
}
