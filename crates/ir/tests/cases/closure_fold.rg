# Transposed reads: sums over all points whose read at the opposite step lands here.
#: extents 7
#: set a = 1 20 300 4000 50000 600000 7000000
#: run forward 0..1
#: expect u = 4000 50300 600020 7000001 0 0 0
#: expect v = 0 0 0 7000001 600020 50300 4000
#: expect w = 300 3980 50002 600060 -13999100 -1788000 150000
#: expect p = 4321 50000 600000 7000000 0 0 0
#: expect q = -4000 -50000 -599999 -6999980 300 4000 7650000
#: expect r = 320 4001 50000 600000 7000000 0 0
#: expect o = 0 0 1 -6999980 -599700 4000 50000
stencil closure_fold f64
dim x
function a(x)
function u(x)
function v(x)
function w(x)
function p(x)
function q(x)
function r(x)
function o(x)
step forward {
  u = a[x+3 fold even|zero];
  v = a[x-3 fold clamp|even];
  w = a[x+2 fold odd] + 3 * a[x-2 fold even|odd];
  p = a[x+3 fold clamp|zero];
  q = a[x-2 fold zero|clamp] - a[x+3 fold zero|even];
  r = a[x+2 fold half even];
  o = a[x-2 fold half zero|odd];
}
