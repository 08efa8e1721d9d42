# A time function that lives in layers at both ends: what is assigned inside is dropped, and reads
# from inside see zeros there.
#: extents 6
#: width w = 2
#: set a = 1 2 4 8 16 32
#: set psi = 1 1 0 0 1 1
#: set u = 1 2 3 4 5 6
#: run forward 0..2
#: expect psi = 0.75 8.25 0 0 104.25 320.25
#: expect u = -4.5 4.5 8.5 -77.5 -188.5 87.5
stencil layer_memory f64
dim x
width w
region inner = x[w : -w]
function a(x)
time function psi(x) levels 2 zero in inner
time function u(x) levels 2
step forward {
  psi[t+1] = 0.5 * psi + a * u;
  u[t+1] = u + psi[x-1] - psi[x+1];
}
