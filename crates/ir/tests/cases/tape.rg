# A tape is read at steps before and after; outside the record it reads zero.
#: extents 2
#: steps 2
#: set q@0 = 1 2
#: set q@1 = 3 4
#: run forward 0..1
#: expect a = 30 40
#: expect q@0 = 2 3
#: run forward 1..2
#: expect a = 3 0
#: expect q@1 = 4 5
stencil tape f64
dim x
tape q(x)
function a(x)
step forward {
  a = q[t-1, x+1] + 10 * q[t+1];
  q = q + 1;
}
