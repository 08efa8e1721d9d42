typedef double T;
typedef long I;
typedef T V __attribute__((vector_size(16), aligned(8), may_alias));
typedef I M __attribute__((vector_size(16), aligned(8), may_alias));
enum { L = 2 };
#define LOAD(p) (*(const V *)(p))
#define AHEAD(p, k) LOAD((p) + (k))
#define BEHIND(p, k) LOAD((p) - (k))
static inline V sp(T x) { return (V){x, x}; }
static inline V pick(M m, V a, V b) { return (V)((m & (M)a) | (~m & (M)b)); }
static inline V vmin(V a, V b) { return pick(b < a, b, a); }
static inline V vmax(V a, V b) { return pick(a < b, b, a); }
static inline V vabs(V a) { return (V)((M)a & ~(M)sp(-(T)0)); }
static inline V vsqrt(V a) { for (int k = 0; k < L; ++k) a[k] = __builtin_sqrt(a[k]); return a; }
#ifdef __FMA__
static inline V vfma(V a, V b, V c) { return __builtin_ia32_vfmaddpd(a, b, c); }
#else
static inline V vfma(V a, V b, V c) { for (int k = 0; k < L; ++k) c[k] = __builtin_fma(a[k], b[k], c[k]); return c; }
#endif
static inline T smin(T a, T b) { return b < a ? b : a; }
static inline T smax(T a, T b) { return a < b ? b : a; }
static inline T sabs(T a) { return a < 0 ? -a : a == 0 ? (T)0 : a; }
static inline T ssqrt(T a) { return __builtin_sqrt(a); }
static inline T sfma(T a, T b, T c) { return __builtin_fma(a, b, c); }
static inline void put(T *p, V v, long i, long lo, long hi) {
  if (i >= lo && i + L <= hi) { *(V *)p = v; return; }
  const M at = (M){0, 1} + (I)i;
  *(V *)p = pick((at >= (I)lo) & (at < (I)hi), v, LOAD(p));
}
static inline M lane(long i) { return (M){0, 1} + (I)i; }
#ifdef __clang__
static inline V rev(V a) { return __builtin_shufflevector(a, a, 1, 0); }
#else
static inline V rev(V a) { return __builtin_shuffle(a, (M){1, 0}); }
#endif
static inline V either(int a, V v, V w) { return a ? v : w; }
static inline V held(int any, M m, T x, V v) { return any ? pick(m, sp(x), v) : v; }
static inline V far(int any, M m, const T *p, V v) { return any ? pick(m, LOAD(p), v) : v; }
static inline V even(int any, M m, const T *p, V v) { return any ? pick(m, rev(LOAD(p)), v) : v; }
static inline V odd(int any, M m, const T *p, V v) { return any ? pick(m, -rev(LOAD(p)), v) : v; }
static inline V plus(int any, M m, const T *p, V v) { return any ? pick(m, v + rev(LOAD(p)), v) : v; }
static inline V minus(int any, M m, const T *p, V v) { return any ? pick(m, v - rev(LOAD(p)), v) : v; }
static inline V heap(long k, const T *p, long n, V v) {
  if (k < 0 || k >= L) return v;
  T sum = p[0];
  for (long j = 1; j < n; ++j) sum = sum + p[j];
  v[k] = sum;
  return v;
}
void rg_0(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c0 = c[0];
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  const int past = s[2] != 0;
  const long n0 = s[4];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[1] + (i0) * s[0];
    T *const r1 = f[0] + (i0) * s[0];
    T *const r2 = f[0] + (i0 - 1) * s[0];
    T *const r3 = f[0] + (i0 + 1) * s[0];
    T *const r4 = f[0] + (i0 - 2) * s[0];
    T *const r5 = f[2] + (i0) * s[0];
    T *const r6 = f[3] + (i0) * s[0];
    T *const r7 = f[4] + (i0) * s[0];
    T *const r8 = f[5] + (i0) * s[0];
    T *const r9 = f[6] + (i0) * s[0];
    T *const r10 = f[7] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r7 + i + 1 * s[0]);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r0 + i - 1);
        const V v2 = v0 - v1;
        const V v3 = LOAD(r0 + i + 1);
        const V v4 = LOAD(r0 + i - 2);
        const V v5 = v3 - v4;
        const V v6 = LOAD(r1 + i);
        const V v7 = LOAD(r2 + i);
        const V v8 = v6 - v7;
        const V v9 = LOAD(r3 + i);
        const V v10 = LOAD(r4 + i);
        const V v11 = v9 - v10;
        const V v12 = c1 * v11;
        const V v13 = vfma(sp(c0), v8, v12);
        const V v14 = vfma(sp(c3), v5, v13);
        const V v15 = vfma(sp(c2), v2, v14);
        const V v16 = LOAD(r5 + i);
        const V v17 = v15 + v16;
        const V v18 = LOAD(r6 + i);
        const V v19 = v18 * v17;
        const V v20 = LOAD(r7 + i);
        const V v21 = LOAD(r8 + i);
        const V v22 = v17 * v20;
        const V v23 = v21 + v22;
        put(r9 + i, v17, i, lo, hi);
        put(r10 + i, v19, i, lo, hi);
        put(r8 + i, v23, i, lo, hi);
      }
      else if (p[0] == 1)
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r7 + i + 1 * s[0]);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r0 + i - 1);
        const V v2 = v0 - v1;
        const V v3 = minus(i <= 1, (lane(i) >= (I)(1)) & (lane(i) <= (I)(1)), r0 + (1) - i - (L - 1), LOAD(r0 + i + 1));
        const V v4 = LOAD(r0 + i - 2);
        const V v5 = v3 - v4;
        const V v6 = LOAD(r1 + i);
        const V v7 = LOAD(r2 + i);
        const V v8 = v6 - v7;
        const V v9 = LOAD(r3 + i);
        const V v10 = LOAD(r4 + i);
        const V v11 = v9 - v10;
        const V v12 = c1 * v11;
        const V v13 = vfma(sp(c0), v8, v12);
        const V v14 = vfma(sp(c3), v5, v13);
        const V v15 = vfma(sp(c2), v2, v14);
        const V v16 = LOAD(r5 + i);
        const V v17 = v15 + v16;
        const V v18 = LOAD(r6 + i);
        const V v19 = v18 * v17;
        const V v20 = LOAD(r7 + i);
        const V v21 = LOAD(r8 + i);
        const V v22 = v17 * v20;
        const V v23 = v21 + v22;
        put(r9 + i, v17, i, lo, hi);
        put(r10 + i, v19, i, lo, hi);
        put(r8 + i, v23, i, lo, hi);
      }
      else
      {
      const int h0 = i0 >= n0 - 2 && i0 <= n0 - 2;
      const long h1 = h0 ? 2 * n0 - 3 - i0 : i0 - 1;
      const T * h2 = f[0] + (i0 - 1) * s[0];
      const T * h3 = f[0] + (h1) * s[0];
      const int h4 = i0 == 0;
      const T * h5 = f[0] + (i0 + 1) * s[0];
      const T * h6 = f[0] + (0) * s[0];
      const int h7 = i0 >= n0 - 3 && i0 <= n0 - 2;
      const long h8 = h7 ? 2 * n0 - 4 - i0 : i0 - 2;
      const T * h9 = f[0] + (i0 - 2) * s[0];
      const T * h10 = f[0] + (h8) * s[0];
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r7 + i + 1 * s[0]);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r0 + i - 1);
        const V v2 = v0 - v1;
        const V v3 = minus(i <= 1, (lane(i) >= (I)(1)) & (lane(i) <= (I)(1)), r0 + (1) - i - (L - 1), LOAD(r0 + i + 1));
        const V v4 = LOAD(r0 + i - 2);
        const V v5 = v3 - v4;
        const V v6 = LOAD(r1 + i);
        const V v7 = LOAD(h2 + i);
        const V v8 = LOAD(h3 + i);
        const V v9 = either(h0, v7 + v8, v7);
        const V v10 = v6 - v9;
        const V v11 = LOAD(h5 + i);
        const V v12 = LOAD(h6 + i);
        const V v13 = either(h4, v12 + v11, v11);
        const V v14 = LOAD(h9 + i);
        const V v15 = LOAD(h10 + i);
        const V v16 = either(h7, v14 + v15, v14);
        const V v17 = v13 - v16;
        const V v18 = c1 * v17;
        const V v19 = vfma(sp(c0), v10, v18);
        const V v20 = vfma(sp(c3), v5, v19);
        const V v21 = vfma(sp(c2), v2, v20);
        const V v22 = LOAD(r5 + i);
        const V v23 = v21 + v22;
        const V v24 = LOAD(r6 + i);
        const V v25 = v24 * v23;
        const V v26 = LOAD(r7 + i);
        const V v27 = LOAD(r8 + i);
        const V v28 = v23 * v26;
        const V v29 = v27 + v28;
        put(r9 + i, v23, i, lo, hi);
        put(r10 + i, v25, i, lo, hi);
        put(r8 + i, v29, i, lo, hi);
      }
      }
    }
  }
}
void rg_1(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      sum = sum + weight[j] * v0;
    }
    f[6][i] = f[6][i] + sum;
  }
}
void rg_2(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[3][i];
      const T v1 = q[0][point[j]];
      const T v2 = v0 * v1;
      sum = sum + weight[j] * v2;
    }
    f[7][i] = f[7][i] + sum;
  }
}
void rg_3(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[4][i];
      const T v1 = q[0][point[j]];
      const T v2 = v0 * v1;
      sum = sum + weight[j] * v2;
    }
    f[5][i] = f[5][i] + sum;
  }
}
void rg_6(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c2 = c[2];
  const T c3 = c[3];
  const T c4 = c[4];
  const T c0 = c[0];
  const T c1 = c[1];
  const int past = s[2] != 0;
  const long n0 = s[4];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[7] + (i0) * s[0];
    T *const r1 = f[8] + (i0) * s[0];
    T *const r2 = f[9] + (i0) * s[0];
    T *const r3 = f[10] + (i0) * s[0];
    T *const r4 = f[11] + (i0) * s[0];
    T *const r5 = f[7] + (i0 + 1) * s[0];
    T *const r6 = f[7] + (i0 + 2) * s[0];
    T *const r7 = f[7] + (i0 - 1) * s[0];
    T *const r8 = f[12] + (i0) * s[0];
    T *const r9 = f[9] + (i0 + 1) * s[0];
    T *const r10 = f[13] + (i0) * s[0];
    T *const r11 = f[14] + (i0) * s[0];
    T *const r12 = f[15] + (i0) * s[0];
    T *const r13 = f[16] + (i0) * s[0];
    T *const r14 = f[17] + (i0) * s[0];
    T *const r15 = f[18] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r3 + i + 1 * s[0]);
        if (past) __builtin_prefetch(r10 + i + 1 * s[0]);
        const V v0 = LOAD(r0 + i + 1);
        const V v1 = LOAD(r0 + i);
        const V v2 = v0 - v1;
        const V v3 = LOAD(r0 + i + 2);
        const V v4 = LOAD(r0 + i - 1);
        const V v5 = v3 - v4;
        const V v6 = LOAD(r1 + i);
        const V v7 = vfma(sp(c3), v5, v6);
        const V v8 = vfma(sp(c2), v2, v7);
        const V v9 = LOAD(r2 + i);
        const V v10 = v9 * c4;
        const V v11 = LOAD(r2 + i + 1);
        const V v12 = vfma(sp(c4), v11, v10);
        const V v13 = v12 * v8;
        const V v14 = LOAD(r3 + i);
        const V v15 = LOAD(r4 + i);
        const V v16 = v8 * v14;
        const V v17 = v15 + v16;
        const V v18 = LOAD(r5 + i);
        const V v19 = v18 - v1;
        const V v20 = LOAD(r6 + i);
        const V v21 = LOAD(r7 + i);
        const V v22 = v20 - v21;
        const V v23 = LOAD(r8 + i);
        const V v24 = vfma(sp(c1), v22, v23);
        const V v25 = vfma(sp(c0), v19, v24);
        const V v26 = LOAD(r9 + i);
        const V v27 = vfma(sp(c4), v26, v10);
        const V v28 = v27 * v25;
        const V v29 = LOAD(r10 + i);
        const V v30 = LOAD(r11 + i);
        const V v31 = v25 * v29;
        const V v32 = v30 + v31;
        put(r12 + i, v8, i, lo, hi);
        put(r13 + i, v13, i, lo, hi);
        put(r4 + i, v17, i, lo, hi);
        put(r14 + i, v25, i, lo, hi);
        put(r15 + i, v28, i, lo, hi);
        put(r11 + i, v32, i, lo, hi);
      }
      else if (p[0] == 1)
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r3 + i + 1 * s[0]);
        if (past) __builtin_prefetch(r10 + i + 1 * s[0]);
        const V v0 = minus(i <= 0, (lane(i) >= (I)(0)) & (lane(i) <= (I)(0)), r0 + (0) - i - (L - 1), LOAD(r0 + i + 1));
        const V v1 = LOAD(r0 + i);
        const V v2 = v0 - v1;
        const V v3 = minus(i <= 1, (lane(i) >= (I)(0)) & (lane(i) <= (I)(1)), r0 + (1) - i - (L - 1), LOAD(r0 + i + 2));
        const V v4 = LOAD(r0 + i - 1);
        const V v5 = v3 - v4;
        const V v6 = LOAD(r1 + i);
        const V v7 = vfma(sp(c3), v5, v6);
        const V v8 = vfma(sp(c2), v2, v7);
        const V v9 = LOAD(r2 + i);
        const V v10 = v9 * c4;
        const V v11 = LOAD(r2 + i + 1);
        const V v12 = vfma(sp(c4), v11, v10);
        const V v13 = v12 * v8;
        const V v14 = LOAD(r3 + i);
        const V v15 = LOAD(r4 + i);
        const V v16 = v8 * v14;
        const V v17 = v15 + v16;
        const V v18 = LOAD(r5 + i);
        const V v19 = v18 - v1;
        const V v20 = LOAD(r6 + i);
        const V v21 = LOAD(r7 + i);
        const V v22 = v20 - v21;
        const V v23 = LOAD(r8 + i);
        const V v24 = vfma(sp(c1), v22, v23);
        const V v25 = vfma(sp(c0), v19, v24);
        const V v26 = LOAD(r9 + i);
        const V v27 = vfma(sp(c4), v26, v10);
        const V v28 = v27 * v25;
        const V v29 = LOAD(r10 + i);
        const V v30 = LOAD(r11 + i);
        const V v31 = v25 * v29;
        const V v32 = v30 + v31;
        put(r12 + i, v8, i, lo, hi);
        put(r13 + i, v13, i, lo, hi);
        put(r4 + i, v17, i, lo, hi);
        put(r14 + i, v25, i, lo, hi);
        put(r15 + i, v28, i, lo, hi);
        put(r11 + i, v32, i, lo, hi);
      }
      else
      {
      const int h0 = i0 == 0;
      const T * h1 = f[7] + (i0 + 1) * s[0];
      const T * h2 = f[7] + (0) * s[0];
      const T * h3 = f[7] + (i0 + 2) * s[0];
      const T * h4 = f[7] + (1) * s[0];
      const int h5 = i0 >= n0 - 3 && i0 <= n0 - 3;
      const long h6 = h5 ? 2 * n0 - 4 - i0 : i0 - 1;
      const T * h7 = f[7] + (i0 - 1) * s[0];
      const T * h8 = f[7] + (h6) * s[0];
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r3 + i + 1 * s[0]);
        if (past) __builtin_prefetch(r10 + i + 1 * s[0]);
        const V v0 = minus(i <= 0, (lane(i) >= (I)(0)) & (lane(i) <= (I)(0)), r0 + (0) - i - (L - 1), LOAD(r0 + i + 1));
        const V v1 = LOAD(r0 + i);
        const V v2 = v0 - v1;
        const V v3 = minus(i <= 1, (lane(i) >= (I)(0)) & (lane(i) <= (I)(1)), r0 + (1) - i - (L - 1), LOAD(r0 + i + 2));
        const V v4 = LOAD(r0 + i - 1);
        const V v5 = v3 - v4;
        const V v6 = LOAD(r1 + i);
        const V v7 = vfma(sp(c3), v5, v6);
        const V v8 = vfma(sp(c2), v2, v7);
        const V v9 = LOAD(r2 + i);
        const V v10 = v9 * c4;
        const V v11 = LOAD(r2 + i + 1);
        const V v12 = vfma(sp(c4), v11, v10);
        const V v13 = v12 * v8;
        const V v14 = LOAD(r3 + i);
        const V v15 = LOAD(r4 + i);
        const V v16 = v8 * v14;
        const V v17 = v15 + v16;
        const V v18 = LOAD(h1 + i);
        const V v19 = LOAD(h2 + i);
        const V v20 = either(h0, v19 + v18, v18);
        const V v21 = v20 - v1;
        const V v22 = LOAD(h3 + i);
        const V v23 = LOAD(h2 + i);
        const V v24 = LOAD(h4 + i);
        const V v25 = v23 + v24;
        const V v26 = either(h0, v25 + v22, v22);
        const V v27 = LOAD(h7 + i);
        const V v28 = LOAD(h8 + i);
        const V v29 = either(h5, v27 + v28, v27);
        const V v30 = v26 - v29;
        const V v31 = LOAD(r8 + i);
        const V v32 = vfma(sp(c1), v30, v31);
        const V v33 = vfma(sp(c0), v21, v32);
        const V v34 = LOAD(r9 + i);
        const V v35 = vfma(sp(c4), v34, v10);
        const V v36 = v35 * v33;
        const V v37 = LOAD(r10 + i);
        const V v38 = LOAD(r11 + i);
        const V v39 = v33 * v37;
        const V v40 = v38 + v39;
        put(r12 + i, v8, i, lo, hi);
        put(r13 + i, v13, i, lo, hi);
        put(r4 + i, v17, i, lo, hi);
        put(r14 + i, v33, i, lo, hi);
        put(r15 + i, v36, i, lo, hi);
        put(r11 + i, v40, i, lo, hi);
      }
      }
    }
  }
}
void rg_8(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  const T c5 = c[5];
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[6][i];
      const T v1 = c5 * v0;
      sum = sum + weight[j] * v1;
    }
    out[p] = sum;
  }
}
