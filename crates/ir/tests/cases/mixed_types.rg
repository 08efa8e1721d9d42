# Working precision f64; a is held in f32: what is read back is rounded to f32, b keeps all bits.
#: extents 2
#: set b = 1 2
#: run forward 0..1
#: expect a = 0.3333333432674408 0.6666666865348816
#: expect c = 0.6666666865348816 1.3333333730697632
stencil mixed_types f64
dim x
function a(x) f32
function b(x)
function c(x)
step forward {
  a = b / 3;
  c = a * 2;
}
