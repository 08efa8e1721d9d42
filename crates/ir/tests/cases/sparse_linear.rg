# Injection with the coefficient of the grid point, interpolation with the same weights; a point on
# a grid point touches that one only.
#: extents 3 3
#: steps 2
#: points src = 0.5 1, 1 1, 1.25 1.5
#: points rec = 0.5 1, 1 1, 1.25 1.5
#: set m = 1 2 4 2 4 8 4 8 16
#: set src = 8 16 32 64 128 256
#: run forward 0..2
#: expect u = 0 18 0 0 72 13.5 0 4.5 2.25
#: expect rec = 10 16 7.3125 90 144 65.8125
stencil sparse_linear f64
dim x, z
function m(x, z)
time function u(x, z) levels 2
sparse src linear
sparse rec linear
step forward {
  u[t+1] = u;
  inject src into u[t+1]: src / m;
  interpolate rec: 2 * u[t+1];
}
