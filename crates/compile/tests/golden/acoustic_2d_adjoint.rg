stencil acoustic_adjoint f32

dim x, z
param dt, h_x, h_z
width w_x0, w_x1, w_z0, w_z1
region inner = x[w_x0 : -w_x1], z[w_z0 : -w_z1]
time function u(x, z) levels 3
function m(x, z)
function damp(x, z) zero in inner
time function u_adj(x, z) levels 3
function m_grad(x, z)
tape u_tape(x, z)
function damp_grad(x, z)
tape u_tape_1(x, z)
time function u_seed(x, z) levels 2
function u_initial_0(x, z)
function u_initial_1(x, z)
sparse src sinc 2
sparse rec linear
sparse src_adj sinc 2
sparse rec_adj linear

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

step record {
  let e1 = dt * dt;
  let e2 = (-(2 * u) + u[t-1]) / e1;
  let e3 = h_x * h_x;
  let e4 = 1 / e3;
  let e5 = h_z * h_z;
  let e6 = 1 / e5;
  let e7 = 2 * dt;
  let e8 = -u[t-1] / e7;
  let e9 = 1 / e1;
  let e10 = 1 / e7;
  let e11 = m * e9 + damp * e10;
  u[t+1] = -(m * e2 - (e4 * u[x-1] + -2 / e3 * u + e4 * u[x+1] + (e6 * u[z-1] + -2 / e5 * u + e6
      * u[z+1])) + damp * e8) / e11;
  u_tape = -e2 - u[t+1] * e9;
  u_tape_1 = -e8 - u[t+1] * e10;
  inject src into u[t+1]: src * (1 / e11);
  interpolate rec: u;
}

step reverse reverse {
  let e1 = dt * dt;
  let e2 = h_x * h_x;
  let e3 = 1 / e2;
  let e4 = h_z * h_z;
  let e5 = 1 / e4;
  let e6 = 2 * dt;
  let e7 = 1 / e1;
  let e8 = m * e7;
  let e9 = 1 / e6;
  let e10 = e8 + damp * e9;
  u_adj[t+1] = (-(e8 + damp * (-1 / e6)) * u_adj[t-1] + e3 * u_adj[x+1] + e5 * u_adj[z+1] + -(m
      * (-2 / e1) - (-2 / e2 + -2 / e4)) * u_adj + e5 * u_adj[z-1] + e3 * u_adj[x-1]) / e10;
  m_grad += u_tape * u_adj[t+1];
  damp_grad += u_tape_1 * u_adj[t+1];
  let e11 = rec_adj[t+1] / e10;
  inject rec_adj into u_adj[t+1]: e11;
  inject rec_adj into m_grad: u_tape * e11;
  inject rec_adj into damp_grad: u_tape_1 * e11;
  let e12 = 1 / e10;
  let e13 = e10 * u_adj[t+1];
  inject src into m_grad: src * (-(e12 * e7) / e10) * e13;
  inject src into damp_grad: src * (-(e12 * e9) / e10) * e13;
  interpolate src_adj: e12 * e13;
}

step reverse_seeded reverse {
  let e1 = dt * dt;
  let e2 = h_x * h_x;
  let e3 = 1 / e2;
  let e4 = h_z * h_z;
  let e5 = 1 / e4;
  let e6 = 2 * dt;
  let e7 = 1 / e1;
  let e8 = m * e7;
  let e9 = 1 / e6;
  let e10 = e8 + damp * e9;
  u_adj[t+1] = (-(e8 + damp * (-1 / e6)) * u_adj[t-1] + e3 * u_adj[x+1] + e5 * u_adj[z+1] + -(m
      * (-2 / e1) - (-2 / e2 + -2 / e4)) * u_adj + e5 * u_adj[z-1] + e3 * u_adj[x-1] + u_seed) /
      e10;
  m_grad += u_tape * u_adj[t+1];
  damp_grad += u_tape_1 * u_adj[t+1];
  let e11 = rec_adj[t+1] / e10;
  inject rec_adj into u_adj[t+1]: e11;
  inject rec_adj into m_grad: u_tape * e11;
  inject rec_adj into damp_grad: u_tape_1 * e11;
  let e12 = 1 / e10;
  let e13 = e10 * u_adj[t+1];
  inject src into m_grad: src * (-(e12 * e7) / e10) * e13;
  inject src into damp_grad: src * (-(e12 * e9) / e10) * e13;
  interpolate src_adj: e12 * e13;
}

step initial_0 {
  let e1 = dt * dt;
  let e2 = h_x * h_x;
  let e3 = 1 / e2;
  let e4 = h_z * h_z;
  let e5 = 1 / e4;
  u_initial_0 = -(m * (1 / e1) + damp * (-1 / (2 * dt))) * u_adj[t-1] + e3 * u_adj[x+1] + e5 *
      u_adj[z+1] + -(m * (-2 / e1) - (-2 / e2 + -2 / e4)) * u_adj + e5 * u_adj[z-1] + e3 *
      u_adj[x-1];
  inject rec_adj into u_initial_0: rec_adj;
}

step initial_1 {
  u_initial_1 = -(m * (1 / (dt * dt)) + damp * (-1 / (2 * dt))) * u_adj;
}
