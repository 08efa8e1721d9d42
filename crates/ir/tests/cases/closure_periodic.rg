# The value one period away.
#: extents 2 3
#: set a = 1 2 3 4 5 6
#: run forward 0..1
#: expect u = 6 4 5 3 1 2
stencil closure_periodic f64
dim x, y
function a(x, y)
function u(x, y)
step forward {
  u = a[x-1 periodic, y+2 periodic];
}
