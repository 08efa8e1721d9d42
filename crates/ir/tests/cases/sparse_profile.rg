# Points read profiles where they are, beside them, and beyond the sides.
#: extents 2 3
#: points src = 0 0.5
#: points rec = 1 1.5
#: set c = 1 2 3
#: set d = 10 20
#: set u = 1 2 3 4 5 6
#: set src = 4
#: run forward 0..1
#: expect rec = 160
#: expect u = 41 62 3 4 5 6
stencil sparse_profile f64
dim x, z
function c(z)
function d(x)
function u(x, z)
sparse src linear
sparse rec linear
step forward {
  interpolate rec: u * (c[z-1] + c[z+1]) * d[x-1];
  inject src into u: src * c[z+1] * d;
}
