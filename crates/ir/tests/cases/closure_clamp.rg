# Outside, the value at the nearest grid point.
#: extents 4
#: set a = 1 2 3 4
#: run forward 0..1
#: expect u = 1 1 1 2
#: expect v = 3 4 4 4
stencil closure_clamp f64
dim x
function a(x)
function u(x)
function v(x)
step forward {
  u = a[x-2 clamp];
  v = a[x+2 clamp];
}
