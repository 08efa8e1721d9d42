# Every third step from the second; steps count as in the forward run.
#: extents 1
#: steps 8
#: param one = 1
#: run forward 0..8
#: expect a = 8
#: expect b = 15
#: expect q@0 = 1
#: expect q@1 = 0
#: expect q@2 = 3
#: expect q@3 = 0
#: expect q@4 = 5
#: expect q@5 = 0
#: expect q@6 = 7
#: expect q@7 = 0
stencil every_third f64
dim x
param one
function a(x)
function b(x)
tape q(x)
step forward {
  a += one;
  every 3 from 1: b += a;
  every 2: q = a;
}
