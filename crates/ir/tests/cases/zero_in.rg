# A function that is zero in the interior: whether it is read there makes no difference.
#: extents 4 3
#: width w = 1
#: set m = 1
#: set damp = 1 1 1 0 0 3 0 0 3 1 1 1
#: set u = 1 2 3 4 5 6 7 8 9 10 11 12
#: set u[t-1] = 2
#: run forward 0..1
#: expect u = 1 2 3 6 8 4 12 14 5.5 10 11 12
stencil zero_in f64
dim x, z
width w
region inner = x[w : -w], z[: -w]
function damp(x, z) zero in inner
function m(x, z)
time function u(x, z) levels 3
step forward {
  u[t+1] = (2 * m * u - (m - damp) * u[t-1]) / (m + damp);
}
