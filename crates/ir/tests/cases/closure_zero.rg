# Outside the grid every function reads zero unless told otherwise.
#: extents 2 2
#: set a = 1 2 3 4
#: run forward 0..1
#: expect u = 40 0 1 2
stencil closure_zero f64
dim x, z
function a(x, z)
function u(x, z)
step forward {
  u = a[x-1] + 10 * a[x+1, z+1];
}
