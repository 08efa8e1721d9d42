# Samples half a cell beyond the nodes 0 and 6: images about the nodes.
#: extents 7
#: set a = 1 20 300 4000 50000 600000 7000000
#: run forward 0..1
#: expect u = 300 20 1 1 20 300 4000
#: expect v = 4000 50000 600000 7000000 -50000 -4000 -300
#: expect w = 880 11999 150001 1800020 21000300 154000 62000
stencil closure_half f64
dim x
function a(x)
function u(x)
function v(x)
function w(x)
step forward {
  u = a[x-3 half even|zero];
  v = a[x+3 half zero|odd];
  w = a[x-2 half odd|clamp] + 3 * a[x+2 half odd|even];
}
