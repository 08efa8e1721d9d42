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
  const T c4 = c[4];
  const long n0 = s[2];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[1] + (i0 + 1) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[0] + (i0) * s[0];
    T *const r3 = f[0] + (i0 + 1) * s[0];
    T *const r4 = f[0] + (i0 - 1) * s[0];
    T *const r5 = f[0] + (i0 + 2) * s[0];
    T *const r6 = f[2] + (i0) * s[0];
    T *const r7 = f[3] + (i0) * s[0];
    T *const r8 = f[4] + (i0) * s[0];
    T *const r9 = f[5] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = v1 * c0;
        const V v3 = vfma(sp(c0), v0, v2);
        const V v4 = LOAD(r2 + i);
        const V v5 = LOAD(r3 + i);
        const V v6 = v4 - v5;
        const V v7 = LOAD(r4 + i);
        const V v8 = LOAD(r5 + i);
        const V v9 = v7 - v8;
        const V v10 = c2 * v9;
        const V v11 = vfma(sp(c1), v6, v10);
        const V v12 = LOAD(r6 + i);
        const V v13 = vfma(v3, v11, v12);
        const V v14 = LOAD(r1 + i + 1);
        const V v15 = vfma(sp(c0), v14, v2);
        const V v16 = LOAD(r2 + i + 1);
        const V v17 = v4 - v16;
        const V v18 = LOAD(r2 + i - 1);
        const V v19 = LOAD(r2 + i + 2);
        const V v20 = v18 - v19;
        const V v21 = c4 * v20;
        const V v22 = vfma(sp(c3), v17, v21);
        const V v23 = LOAD(r7 + i);
        const V v24 = vfma(v15, v22, v23);
        put(r8 + i, v13, i, lo, hi);
        put(r9 + i, v24, i, lo, hi);
      }
      else if (p[0] == 1)
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = v1 * c0;
        const V v3 = vfma(sp(c0), v0, v2);
        const V v4 = LOAD(r2 + i);
        const V v5 = LOAD(r3 + i);
        const V v6 = v4 - v5;
        const V v7 = LOAD(r4 + i);
        const V v8 = LOAD(r5 + i);
        const V v9 = v7 - v8;
        const V v10 = c2 * v9;
        const V v11 = vfma(sp(c1), v6, v10);
        const V v12 = LOAD(r6 + i);
        const V v13 = vfma(v3, v11, v12);
        const V v14 = LOAD(r1 + i + 1);
        const V v15 = vfma(sp(c0), v14, v2);
        const V v16 = LOAD(r2 + i + 1);
        const V v17 = v4 - v16;
        const V v18 = odd(i < 1, lane(i) < (I)1, r2 + (1) - i - (L - 1), LOAD(r2 + i - 1));
        const V v19 = LOAD(r2 + i + 2);
        const V v20 = v18 - v19;
        const V v21 = c4 * v20;
        const V v22 = vfma(sp(c3), v17, v21);
        const V v23 = LOAD(r7 + i);
        const V v24 = vfma(v15, v22, v23);
        put(r8 + i, v13, i, lo, hi);
        put(r9 + i, v24, i, lo, hi);
      }
      else
      {
      const long h0 = i0 + 1 >= n0 ? 2 * n0 - 3 - i0 : i0 + 1;
      const T * h1 = f[0] + (h0) * s[0];
      const long h2 = i0 - 1 < 0 ? 0 : i0 - 1;
      const T * h3 = f[0] + (h2) * s[0];
      const long h4 = i0 + 2 >= n0 ? 2 * n0 - 4 - i0 : i0 + 2;
      const T * h5 = f[0] + (h4) * s[0];
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = v1 * c0;
        const V v3 = vfma(sp(c0), v0, v2);
        const V v4 = LOAD(r2 + i);
        const V v5 = LOAD(h1 + i);
        const V v6 = v4 - v5;
        const V v7 = LOAD(h3 + i);
        const V v8 = LOAD(h5 + i);
        const V v9 = v7 - v8;
        const V v10 = c2 * v9;
        const V v11 = vfma(sp(c1), v6, v10);
        const V v12 = LOAD(r6 + i);
        const V v13 = vfma(v3, v11, v12);
        const V v14 = LOAD(r1 + i + 1);
        const V v15 = vfma(sp(c0), v14, v2);
        const V v16 = LOAD(r2 + i + 1);
        const V v17 = v4 - v16;
        const V v18 = odd(i < 1, lane(i) < (I)1, r2 + (1) - i - (L - 1), LOAD(r2 + i - 1));
        const V v19 = LOAD(r2 + i + 2);
        const V v20 = v18 - v19;
        const V v21 = c4 * v20;
        const V v22 = vfma(sp(c3), v17, v21);
        const V v23 = LOAD(r7 + i);
        const V v24 = vfma(v15, v22, v23);
        put(r8 + i, v13, i, lo, hi);
        put(r9 + i, v24, i, lo, hi);
      }
      }
    }
  }
}
void rg_1(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  const T c4 = c[4];
  const long n0 = s[2];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[6] + (i0) * s[0];
    T *const r2 = f[5] + (i0) * s[0];
    T *const r3 = f[4] + (i0 - 1) * s[0];
    T *const r4 = f[4] + (i0) * s[0];
    T *const r5 = f[4] + (i0 - 2) * s[0];
    T *const r6 = f[4] + (i0 + 1) * s[0];
    T *const r7 = f[7] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r2 + i - 1);
        const V v3 = LOAD(r2 + i);
        const V v4 = v2 - v3;
        const V v5 = LOAD(r2 + i - 2);
        const V v6 = LOAD(r2 + i + 1);
        const V v7 = v5 - v6;
        const V v8 = LOAD(r3 + i);
        const V v9 = LOAD(r4 + i);
        const V v10 = v8 - v9;
        const V v11 = LOAD(r5 + i);
        const V v12 = LOAD(r6 + i);
        const V v13 = v11 - v12;
        const V v14 = c2 * v13;
        const V v15 = vfma(sp(c1), v10, v14);
        const V v16 = vfma(sp(c4), v7, v15);
        const V v17 = vfma(sp(c3), v4, v16);
        const V v18 = vfma(v1, v17, v0);
        put(r7 + i, v18, i, lo, hi);
      }
      else if (p[0] == 1)
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = odd(i < 1, lane(i) < (I)1, r2 + (0) - i - (L - 1), LOAD(r2 + i - 1));
        const V v3 = LOAD(r2 + i);
        const V v4 = v2 - v3;
        const V v5 = odd(i < 2, lane(i) < (I)2, r2 + (1) - i - (L - 1), LOAD(r2 + i - 2));
        const V v6 = LOAD(r2 + i + 1);
        const V v7 = v5 - v6;
        const V v8 = LOAD(r3 + i);
        const V v9 = LOAD(r4 + i);
        const V v10 = v8 - v9;
        const V v11 = LOAD(r5 + i);
        const V v12 = LOAD(r6 + i);
        const V v13 = v11 - v12;
        const V v14 = c2 * v13;
        const V v15 = vfma(sp(c1), v10, v14);
        const V v16 = vfma(sp(c4), v7, v15);
        const V v17 = vfma(sp(c3), v4, v16);
        const V v18 = vfma(v1, v17, v0);
        put(r7 + i, v18, i, lo, hi);
      }
      else
      {
      const long h0 = i0 - 1 < 0 ? 0 : i0 - 1;
      const T * h1 = f[4] + (h0) * s[0];
      const long h2 = i0 - 2 < 0 ? 0 : i0 - 2;
      const T * h3 = f[4] + (h2) * s[0];
      const long h4 = i0 + 1 >= n0 ? 2 * n0 - 4 - i0 : i0 + 1;
      const T * h5 = f[4] + (h4) * s[0];
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = odd(i < 1, lane(i) < (I)1, r2 + (0) - i - (L - 1), LOAD(r2 + i - 1));
        const V v3 = LOAD(r2 + i);
        const V v4 = v2 - v3;
        const V v5 = odd(i < 2, lane(i) < (I)2, r2 + (1) - i - (L - 1), LOAD(r2 + i - 2));
        const V v6 = LOAD(r2 + i + 1);
        const V v7 = v5 - v6;
        const V v8 = LOAD(h1 + i);
        const V v9 = LOAD(r4 + i);
        const V v10 = v8 - v9;
        const V v11 = LOAD(h3 + i);
        const V v12 = LOAD(h5 + i);
        const V v13 = v11 - v12;
        const V v14 = c2 * v13;
        const V v15 = vfma(sp(c1), v10, v14);
        const V v16 = vfma(sp(c4), v7, v15);
        const V v17 = vfma(sp(c3), v4, v16);
        const V v18 = vfma(v1, v17, v0);
        put(r7 + i, v18, i, lo, hi);
      }
      }
    }
  }
}
void rg_2(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c5 = c[5];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = v0 * c5;
      sum = sum + weight[j] * v1;
    }
    f[7][i] = f[7][i] + sum;
  }
}
void rg_3(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[0][i];
      const T v1 = f[7][i];
      const T v2 = v0 + v1;
      sum = sum + weight[j] * v2;
    }
    out[p] = sum;
  }
}
