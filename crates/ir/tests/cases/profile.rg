# A profile varies along z only, a column along x only; neither is displaced along the other.
#: extents 2 3
#: set c = 1 2 3
#: set d = 10 20
#: run forward 0..1
#: expect u = 1 2 3 21 32 3
#: expect c = 2 3 4
#: expect s = 5
stencil profile f64
dim x, z
function c(z)
function d(x)
function u(x, z)
function s()
step forward {
  u = c[z+1] * d[x-1] + c;
  c += 1;
  s = 5;
}
