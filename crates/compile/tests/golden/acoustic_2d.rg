stencil acoustic f32

dim x, z
param dt, h_x, h_z
width w_x0, w_x1, w_z0, w_z1
region inner = x[w_x0 : -w_x1], z[w_z0 : -w_z1]
time function u(x, z) levels 3
function m(x, z)
function damp(x, z) zero in inner
sparse src sinc 2
sparse rec linear

step forward {
  let e1 = dt * dt;
  let e2 = h_x * h_x;
  let e3 = 1 / e2;
  let e4 = h_z * h_z;
  let e5 = 1 / e4;
  let e6 = 2 * dt;
  let e7 = m * (1 / e1) + damp * (1 / e6);
  u[t+1] = -(m * ((-(2 * u) + u[t-1]) / e1) - (e3 * u[x-1] + -2 / e2 * u + e3 * u[x+1] + (e5 *
      u[z-1] + -2 / e4 * u + e5 * u[z+1])) + damp * (-u[t-1] / e6)) / e7;
  inject src into u[t+1]: src * (1 / e7);
  interpolate rec: u;
}
