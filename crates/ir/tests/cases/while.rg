# Statements act until the residual at the beginning of a step is at the tolerance: the scalar
# starts at infinity, so the first step acts, and the last step acts as a whole.
#: extents 2
#: param tolerance = 0.0625
#: set a = 1 -4
#: run relax 0..10
#: expect n = 5
#: expect a = 0.03125 -0.125
#: expect residual = 0.125
stencil while_above f64
dim x
param tolerance
function a(x)
function n(x)
scalar residual
step relax {
  while residual > 2 * tolerance: a = a / 2;
  while residual > 2 * tolerance: residual = max of abs(a);
  while residual > 2 * tolerance: n += 1;
}
