# A function in the memory of an accelerator computes what any other does.
#: extents 2
#: set a = 1 2
#: set u = 10 20
#: run forward 0..2
#: expect u = 12 24
stencil device f64
dim x
function a(x) device
time function u(x) levels 2 device
step forward {
  u[t+1] = u + a;
}
