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
sparse src sinc 2
sparse rec linear
sparse src_adj sinc 2
sparse rec_adj linear

step forward {
  interpolate rec: u;
  let e1 = h_z * h_z;
  let e2 = h_x * h_x;
  let e3 = 2 / e2 + 2 / e1;
  let e4 = round(e3) - e3;
  let e5 = 1 / e2;
  let e6 = round(e5 + 0.5 * e4);
  let e7 = fma(round(1 / e1 + 0.5 * (e4 - 2 * (e6 - e5))), u[z-1] + u[z+1], fma(-e3, u, e6 *
      (u[x-1] + u[x+1])));
  let e8 = fma(2, u, -u[t-1]);
  in inner: u[t+1] = fma(pre, e7, e8);
  let e9 = e8 + fma(-pre, u - u[t-1], pre_1 * e7);
  in inner_x_low: u[t+1] = e9;
  in inner_x_high: u[t+1] = e9;
  in inner_z_low: u[t+1] = e9;
  in inner_z_high: u[t+1] = e9;
  inject src into u[t+1]: src * (1 / (m * (1 / (dt * dt)) + damp * (1 / (2 * dt))));
}

step record {
  interpolate rec: u;
  let e1 = h_z * h_z;
  let e2 = h_x * h_x;
  let e3 = 2 / e2 + 2 / e1;
  let e4 = round(e3) - e3;
  let e5 = 1 / e2;
  let e6 = round(e5 + 0.5 * e4);
  let e7 = fma(round(1 / e1 + 0.5 * (e4 - 2 * (e6 - e5))), u[z-1] + u[z+1], fma(-e3, u, e6 *
      (u[x-1] + u[x+1])));
  let e8 = fma(2, u, -u[t-1]);
  in inner: u[t+1] = fma(pre, e7, e8);
  let e9 = dt * dt;
  let e10 = 1 / e9;
  let e11 = fma(-e10, u[t-1] + u[t+1], 2 / e9 * u);
  in inner: u_tape = e11;
  let e12 = 0.5 / dt * (u[t-1] - u[t+1]);
  in inner: u_tape_1 = e12;
  let e13 = e8 + fma(-pre, u - u[t-1], pre_1 * e7);
  in inner_x_low: u[t+1] = e13;
  in inner_x_low: u_tape = e11;
  in inner_x_low: u_tape_1 = e12;
  in inner_x_high: u[t+1] = e13;
  in inner_x_high: u_tape = e11;
  in inner_x_high: u_tape_1 = e12;
  in inner_z_low: u[t+1] = e13;
  in inner_z_low: u_tape = e11;
  in inner_z_low: u_tape_1 = e12;
  in inner_z_high: u[t+1] = e13;
  in inner_z_high: u_tape = e11;
  in inner_z_high: u_tape_1 = e12;
  inject src into u[t+1]: src * (1 / (m * e10 + damp * (1 / (2 * dt))));
}

step reverse reverse {
  let e1 = h_z * h_z;
  let e2 = h_x * h_x;
  let e3 = 2 / e2 + 2 / e1;
  let e4 = round(e3) - e3;
  let e5 = 1 / e2;
  let e6 = round(e5 + 0.5 * e4);
  let e7 = fma(-e3, u_adj, fma(round(1 / e1 + 0.5 * (e4 - 2 * (e6 - e5))), u_adj[z+1] +
      u_adj[z-1], e6 * (u_adj[x+1] + u_adj[x-1])));
  let e8 = fma(2, u_adj, -u_adj[t-1]);
  in inner: u_adj[t+1] = fma(pre, e7, e8);
  let e9 = u_tape * u_adj[t+1];
  in inner: m_grad += e9;
  let e10 = u_adj[t+1] * u_tape_1;
  in inner: damp_grad += e10;
  let e11 = e8 + fma(pre_1, e7, pre * (u_adj[t-1] - u_adj));
  in inner_x_low: u_adj[t+1] = e11;
  in inner_x_low: m_grad += e9;
  in inner_x_low: damp_grad += e10;
  in inner_x_high: u_adj[t+1] = e11;
  in inner_x_high: m_grad += e9;
  in inner_x_high: damp_grad += e10;
  in inner_z_low: u_adj[t+1] = e11;
  in inner_z_low: m_grad += e9;
  in inner_z_low: damp_grad += e10;
  in inner_z_high: u_adj[t+1] = e11;
  in inner_z_high: m_grad += e9;
  in inner_z_high: damp_grad += e10;
  let e12 = 1 / (dt * dt);
  let e13 = 1 / (2 * dt);
  let e14 = m * e12 + damp * e13;
  let e15 = rec_adj[t+1] / e14;
  inject rec_adj into u_adj[t+1]: e15;
  inject rec_adj into m_grad: u_tape * e15;
  inject rec_adj into damp_grad: u_tape_1 * e15;
  let e16 = 1 / e14;
  let e17 = e14 * u_adj[t+1];
  inject src into m_grad: src * (-(e16 * e12) / e14) * e17;
  inject src into damp_grad: src * (-(e16 * e13) / e14) * e17;
  interpolate src_adj: e16 * e17;
}

step reverse_seeded reverse {
  let e1 = h_z * h_z;
  let e2 = h_x * h_x;
  let e3 = 2 / e2 + 2 / e1;
  let e4 = round(e3) - e3;
  let e5 = 1 / e2;
  let e6 = round(e5 + 0.5 * e4);
  let e7 = fma(2, u_adj, -u_adj[t-1]);
  let e8 = fma(-e3, u_adj, fma(round(1 / e1 + 0.5 * (e4 - 2 * (e6 - e5))), u_adj[z+1] +
      u_adj[z-1], e6 * (u_adj[x+1] + u_adj[x-1]))) + u_seed;
  in inner: u_adj[t+1] = fma(pre, e8, e7);
  let e9 = u_tape * u_adj[t+1];
  in inner: m_grad += e9;
  let e10 = u_adj[t+1] * u_tape_1;
  in inner: damp_grad += e10;
  let e11 = e7 + fma(pre_1, e8, pre * (u_adj[t-1] - u_adj));
  in inner_x_low: u_adj[t+1] = e11;
  in inner_x_low: m_grad += e9;
  in inner_x_low: damp_grad += e10;
  in inner_x_high: u_adj[t+1] = e11;
  in inner_x_high: m_grad += e9;
  in inner_x_high: damp_grad += e10;
  in inner_z_low: u_adj[t+1] = e11;
  in inner_z_low: m_grad += e9;
  in inner_z_low: damp_grad += e10;
  in inner_z_high: u_adj[t+1] = e11;
  in inner_z_high: m_grad += e9;
  in inner_z_high: damp_grad += e10;
  let e12 = 1 / (dt * dt);
  let e13 = 1 / (2 * dt);
  let e14 = m * e12 + damp * e13;
  let e15 = rec_adj[t+1] / e14;
  inject rec_adj into u_adj[t+1]: e15;
  inject rec_adj into m_grad: u_tape * e15;
  inject rec_adj into damp_grad: u_tape_1 * e15;
  let e16 = 1 / e14;
  let e17 = e14 * u_adj[t+1];
  inject src into m_grad: src * (-(e16 * e12) / e14) * e17;
  inject src into damp_grad: src * (-(e16 * e13) / e14) * e17;
  interpolate src_adj: e16 * e17;
}

step initial_0 {
  let e1 = h_z * h_z;
  let e2 = h_x * h_x;
  let e3 = 2 / e2 + 2 / e1;
  let e4 = round(e3) - e3;
  let e5 = 1 / e2;
  let e6 = round(e5 + 0.5 * e4);
  let e7 = dt * dt;
  let e8 = fma(-e3, u_adj, fma(round(1 / e1 + 0.5 * (e4 - 2 * (e6 - e5))), u_adj[z+1] +
      u_adj[z-1], e6 * (u_adj[x+1] + u_adj[x-1])));
  let e9 = -m;
  let e10 = fma(-(2 / e7), u_adj, 1 / e7 * u_adj[t-1]);
  in inner: u_initial_0 = fma(e9, e10, e8);
  let e11 = e8 + fma(e9, e10, damp * (0.5 / dt * u_adj[t-1]));
  in inner_x_low: u_initial_0 = e11;
  in inner_x_high: u_initial_0 = e11;
  in inner_z_low: u_initial_0 = e11;
  in inner_z_high: u_initial_0 = e11;
  inject rec_adj into u_initial_0: rec_adj;
}

step initial_1 {
  let e1 = 1 / (dt * dt) * u_adj;
  in inner: u_initial_1 = -(m * e1);
  let e2 = fma(-m, e1, damp * (0.5 / dt * u_adj));
  in inner_x_low: u_initial_1 = e2;
  in inner_x_high: u_initial_1 = e2;
  in inner_z_low: u_initial_1 = e2;
  in inner_z_high: u_initial_1 = e2;
}

step setup {
  let e1 = dt * dt;
  let e2 = m * (1 / e1) + damp * (0.5 / dt);
  pre_1 = 1 / e2;
  in inner: pre = e1 / m;
  let e3 = 1 / dt * damp / e2;
  in inner_x_low: pre = e3;
  in inner_x_high: pre = e3;
  in inner_z_low: pre = e3;
  in inner_z_high: pre = e3;
}
