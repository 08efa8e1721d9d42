# Every operation is rounded to f32 once, in the order of the text; literals and parameters are
# rounded where they are used.
#: extents 1
#: param third = 0.3333333333333333
#: set a = 16777216
#: run forward 0..1
#: expect l = 16777216
#: expect r = 16777218
#: expect p = 1.100000023841858
stencil rounding f32
dim x
param third
function a(x)
function l(x)
function r(x)
function p(x)
step forward {
  l = a + 1 + 1;
  r = a + (1 + 1);
  p = third * 3 + 0.1;
}
