stencil acoustic_adjoint f32

dim x, z
param dt, h_x, h_z
width w_x0, w_x1, w_z0, w_z1
region inner = x[w_x0 : -w_x1], z[w_z0 : -w_z1]
region inner_x_low = x[: w_x0]
region inner_x_high = x[-w_x1 :]
region inner_z_low = x[w_x0 : -w_x1], z[: w_z0]
region inner_z_high = x[w_x0 : -w_x1], z[-w_z1 :]
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
function pre(x, z)
function pre_1(x, z)
function pre_2(x, z)
function pre_3(x, z)
sparse src sinc 2
sparse rec linear
sparse src_adj sinc 2
sparse rec_adj linear

step forward {
  let e1 = dt * dt;
  let e2 = h_x * h_x;
  let e3 = u[x-1] + u[x+1];
  let e4 = 2 * dt;
  let e5 = e4 * dt;
  let e6 = h_z * h_z;
  let e7 = u[z-1] + u[z+1];
  in inner: u[t+1] = 2 * u - u[t-1] + pre * (e1 / e2 * e3 - (e5 / e2 + e5 / e6) * u + e1 / e6 *
      e7);
  let e8 = 1 / e1;
  let e9 = pre_1 * (2 / e1 * u - e8 * u[t-1]) + pre_2 * (1 / e2 * e3 - (2 / e2 + 2 / e6) * u + 1
      / e6 * e7) + pre_3 * (0.5 / dt * u[t-1]);
  in inner_x_low: u[t+1] = e9;
  in inner_x_high: u[t+1] = e9;
  in inner_z_low: u[t+1] = e9;
  in inner_z_high: u[t+1] = e9;
  inject src into u[t+1]: src * (1 / (m * e8 + damp * (1 / e4)));
  interpolate rec: u;
}

step record {
  let e1 = dt * dt;
  let e2 = h_x * h_x;
  let e3 = u[x-1] + u[x+1];
  let e4 = 2 * dt;
  let e5 = e4 * dt;
  let e6 = h_z * h_z;
  let e7 = u[z-1] + u[z+1];
  in inner: u[t+1] = 2 * u - u[t-1] + pre * (e1 / e2 * e3 - (e5 / e2 + e5 / e6) * u + e1 / e6 *
      e7);
  let e8 = 2 / e1 * u;
  let e9 = 1 / e1;
  let e10 = e8 - e9 * (u[t-1] + u[t+1]);
  in inner: u_tape = e10;
  let e11 = 0.5 / dt;
  let e12 = e11 * (u[t-1] - u[t+1]);
  in inner: u_tape_1 = e12;
  let e13 = pre_1 * (e8 - e9 * u[t-1]) + pre_2 * (1 / e2 * e3 - (2 / e2 + 2 / e6) * u + 1 / e6 *
      e7) + pre_3 * (e11 * u[t-1]);
  in inner_x_low: u[t+1] = e13;
  in inner_x_low: u_tape = e10;
  in inner_x_low: u_tape_1 = e12;
  in inner_x_high: u[t+1] = e13;
  in inner_x_high: u_tape = e10;
  in inner_x_high: u_tape_1 = e12;
  in inner_z_low: u[t+1] = e13;
  in inner_z_low: u_tape = e10;
  in inner_z_low: u_tape_1 = e12;
  in inner_z_high: u[t+1] = e13;
  in inner_z_high: u_tape = e10;
  in inner_z_high: u_tape_1 = e12;
  inject src into u[t+1]: src * (1 / (m * e9 + damp * (1 / e4)));
  interpolate rec: u;
}

step reverse reverse {
  let e1 = dt * dt;
  let e2 = h_x * h_x;
  let e3 = 2 * dt;
  let e4 = e3 * dt;
  let e5 = h_z * h_z;
  let e6 = u_adj[x+1] + u_adj[x-1];
  let e7 = u_adj[z+1] + u_adj[z-1];
  in inner: u_adj[t+1] = -u_adj[t-1] + 2 * u_adj + pre * (e1 / e2 * e6 + e1 / e5 * e7 - (e4 / e2
      + e4 / e5) * u_adj);
  let e8 = u_tape * u_adj[t+1];
  in inner: m_grad += e8;
  let e9 = u_adj[t+1] * u_tape_1;
  in inner: damp_grad += e9;
  let e10 = 1 / e1;
  let e11 = pre_1 * (-(e10 * u_adj[t-1]) + 2 / e1 * u_adj) + pre_3 * (0.5 / dt * u_adj[t-1]) +
      pre_2 * (1 / e2 * e6 + 1 / e5 * e7 - (2 / e2 + 2 / e5) * u_adj);
  in inner_x_low: u_adj[t+1] = e11;
  in inner_x_low: m_grad += e8;
  in inner_x_low: damp_grad += e9;
  in inner_x_high: u_adj[t+1] = e11;
  in inner_x_high: m_grad += e8;
  in inner_x_high: damp_grad += e9;
  in inner_z_low: u_adj[t+1] = e11;
  in inner_z_low: m_grad += e8;
  in inner_z_low: damp_grad += e9;
  in inner_z_high: u_adj[t+1] = e11;
  in inner_z_high: m_grad += e8;
  in inner_z_high: damp_grad += e9;
  let e12 = 1 / e3;
  let e13 = m * e10 + damp * e12;
  let e14 = rec_adj[t+1] / e13;
  inject rec_adj into u_adj[t+1]: e14;
  inject rec_adj into m_grad: u_tape * e14;
  inject rec_adj into damp_grad: u_tape_1 * e14;
  let e15 = 1 / e13;
  let e16 = e13 * u_adj[t+1];
  inject src into m_grad: src * (-(e15 * e10) / e13) * e16;
  inject src into damp_grad: src * (-(e15 * e12) / e13) * e16;
  interpolate src_adj: e15 * e16;
}

step reverse_seeded reverse {
  let e1 = dt * dt;
  let e2 = h_x * h_x;
  let e3 = 2 * dt;
  let e4 = e3 * dt;
  let e5 = h_z * h_z;
  let e6 = u_adj[x+1] + u_adj[x-1];
  let e7 = u_adj[z+1] + u_adj[z-1];
  in inner: u_adj[t+1] = -u_adj[t-1] + 2 * u_adj + pre * (e1 / e2 * e6 + e1 / e5 * e7 - (e4 / e2
      + e4 / e5) * u_adj + e1 * u_seed);
  let e8 = u_tape * u_adj[t+1];
  in inner: m_grad += e8;
  let e9 = u_adj[t+1] * u_tape_1;
  in inner: damp_grad += e9;
  let e10 = 1 / e1;
  let e11 = pre_1 * (-(e10 * u_adj[t-1]) + 2 / e1 * u_adj) + pre_3 * (0.5 / dt * u_adj[t-1]) +
      pre_2 * (1 / e2 * e6 + 1 / e5 * e7 - (2 / e2 + 2 / e5) * u_adj + u_seed);
  in inner_x_low: u_adj[t+1] = e11;
  in inner_x_low: m_grad += e8;
  in inner_x_low: damp_grad += e9;
  in inner_x_high: u_adj[t+1] = e11;
  in inner_x_high: m_grad += e8;
  in inner_x_high: damp_grad += e9;
  in inner_z_low: u_adj[t+1] = e11;
  in inner_z_low: m_grad += e8;
  in inner_z_low: damp_grad += e9;
  in inner_z_high: u_adj[t+1] = e11;
  in inner_z_high: m_grad += e8;
  in inner_z_high: damp_grad += e9;
  let e12 = 1 / e3;
  let e13 = m * e10 + damp * e12;
  let e14 = rec_adj[t+1] / e13;
  inject rec_adj into u_adj[t+1]: e14;
  inject rec_adj into m_grad: u_tape * e14;
  inject rec_adj into damp_grad: u_tape_1 * e14;
  let e15 = 1 / e13;
  let e16 = e13 * u_adj[t+1];
  inject src into m_grad: src * (-(e15 * e10) / e13) * e16;
  inject src into damp_grad: src * (-(e15 * e12) / e13) * e16;
  interpolate src_adj: e15 * e16;
}

step initial_0 {
  let e1 = dt * dt;
  let e2 = h_x * h_x;
  let e3 = h_z * h_z;
  let e4 = 1 / e2 * (u_adj[x+1] + u_adj[x-1]) + 1 / e3 * (u_adj[z+1] + u_adj[z-1]) - (2 / e2 + 2
      / e3) * u_adj;
  let e5 = m * (-(1 / e1 * u_adj[t-1]) + 2 / e1 * u_adj);
  in inner: u_initial_0 = e5 + e4;
  let e6 = e5 + damp * (0.5 / dt * u_adj[t-1]) + e4;
  in inner_x_low: u_initial_0 = e6;
  in inner_x_high: u_initial_0 = e6;
  in inner_z_low: u_initial_0 = e6;
  in inner_z_high: u_initial_0 = e6;
  inject rec_adj into u_initial_0: rec_adj;
}

step initial_1 {
  let e1 = m * -(1 / (dt * dt) * u_adj);
  in inner: u_initial_1 = e1;
  let e2 = e1 + damp * (0.5 / dt * u_adj);
  in inner_x_low: u_initial_1 = e2;
  in inner_x_high: u_initial_1 = e2;
  in inner_z_low: u_initial_1 = e2;
  in inner_z_high: u_initial_1 = e2;
}

step setup {
  pre = 1 / m;
  let e1 = m * (1 / (dt * dt)) + damp * (0.5 / dt);
  pre_1 = m / e1;
  pre_2 = 1 / e1;
  pre_3 = damp / e1;
}
