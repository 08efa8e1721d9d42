# Working precision f32; a is held in f64: it is rounded to f32 when read, before the product.
#: extents 2
#: set a = 0.1 0.001
#: run forward 0..1
#: expect b = 0.010000000707805157 1.0000001111620804e-06
#: expect c = 0.010000001639127731 1.0010001005866798e-06
stencil mixed_types_f32 f32
dim x
function a(x) f64
function b(x)
function c(x) f64
step forward {
  b = a * a;
  c = a * a;
  c += 1e-9;
}
