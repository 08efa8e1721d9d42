# fma rounds once, a product that is stored and a sum of it twice: (1 + e)^2 = 1 + 2 e + e^2 with
# e = 2^-12 needs 25 bits.
#: extents 1
#: set a = 1.000244140625
#: run forward 0..1
#: expect b = 0.0004883408546447754
#: expect c = 0.00048828125
#: expect d = 1.00048828125
stencil fused f32
dim x
function a(x)
function b(x)
function c(x)
function d(x)
step forward {
  b = fma(a, a, -1);
  d = a * a;
  c = d - 1;
}
