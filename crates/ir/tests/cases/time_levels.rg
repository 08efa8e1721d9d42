# Functions with two, three and four levels; after each step levels move back by one.
#: extents 1
#: set a = 1
#: set b = 1
#: set b[t-1] = 0
#: set c = 1
#: set c[t-1] = 0
#: set c[t-2] = 0
#: run forward 0..5
#: expect a = 32
#: expect b = 8
#: expect b[t-1] = 5
#: expect c = 13
#: expect c[t-1] = 7
#: expect c[t-2] = 4
stencil time_levels f64
dim x
time function a(x) levels 2
time function b(x) levels 3
time function c(x) levels 4
step forward {
  a[t+1] = 2 * a;
  b[t+1] = b + b[t-1];
  c[t+1] = c + c[t-1] + c[t-2];
}
