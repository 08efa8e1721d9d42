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
void rg_0(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  const T c0 = c[0];
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[0][i];
      const T v1 = f[1][i];
      const T v2 = c0 * v1;
      const T v3 = v0 - v2;
      sum = sum + weight[j] * v3;
    }
    out[p] = sum;
  }
}
void rg_1(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c0 = c[0];
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  const T c4 = c[4];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[2] + (i0 + 1) * s[0];
    T *const r2 = f[2] + (i0) * s[0];
    T *const r3 = f[0] + (i0 + 1) * s[0];
    T *const r4 = f[0] + (i0 - 1) * s[0];
    T *const r5 = f[0] + (i0 + 2) * s[0];
    T *const r6 = f[3] + (i0) * s[0];
    T *const r7 = f[4] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r2 + i);
        const V v3 = v2 * c0;
        const V v4 = vfma(sp(c0), v1, v3);
        const V v5 = LOAD(r3 + i);
        const V v6 = v0 - v5;
        const V v7 = LOAD(r4 + i);
        const V v8 = LOAD(r5 + i);
        const V v9 = v7 - v8;
        const V v10 = c2 * v9;
        const V v11 = vfma(sp(c1), v6, v10);
        const V v12 = v4 * v11;
        const V v13 = LOAD(r2 + i + 1);
        const V v14 = vfma(sp(c0), v13, v3);
        const V v15 = LOAD(r0 + i + 1);
        const V v16 = v0 - v15;
        const V v17 = LOAD(r0 + i - 1);
        const V v18 = LOAD(r0 + i + 2);
        const V v19 = v17 - v18;
        const V v20 = c4 * v19;
        const V v21 = vfma(sp(c3), v16, v20);
        const V v22 = v14 * v21;
        put(r6 + i, v12, i, lo, hi);
        put(r7 + i, v22, i, lo, hi);
      }
    }
  }
}
void rg_2(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  const T c4 = c[4];
  const T c5 = c[5];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[5] + (i0) * s[0];
    T *const r3 = f[4] + (i0) * s[0];
    T *const r4 = f[3] + (i0 - 1) * s[0];
    T *const r5 = f[3] + (i0) * s[0];
    T *const r6 = f[3] + (i0 - 2) * s[0];
    T *const r7 = f[3] + (i0 + 1) * s[0];
    T *const r8 = f[6] + (i0) * s[0];
    T *const r9 = f[7] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r2 + i);
        const V v3 = LOAD(r3 + i - 1);
        const V v4 = LOAD(r3 + i);
        const V v5 = v3 - v4;
        const V v6 = LOAD(r3 + i - 2);
        const V v7 = LOAD(r3 + i + 1);
        const V v8 = v6 - v7;
        const V v9 = LOAD(r4 + i);
        const V v10 = LOAD(r5 + i);
        const V v11 = v9 - v10;
        const V v12 = LOAD(r6 + i);
        const V v13 = LOAD(r7 + i);
        const V v14 = v12 - v13;
        const V v15 = c2 * v14;
        const V v16 = vfma(sp(c1), v11, v15);
        const V v17 = vfma(sp(c4), v8, v16);
        const V v18 = vfma(sp(c3), v5, v17);
        const V v19 = -v1;
        const V v20 = vfma(sp(c5), v0, v19);
        const V v21 = vfma(v2, v18, v20);
        put(r8 + i, v21, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r2 + i);
        const V v3 = LOAD(r3 + i - 1);
        const V v4 = LOAD(r3 + i);
        const V v5 = v3 - v4;
        const V v6 = LOAD(r3 + i - 2);
        const V v7 = LOAD(r3 + i + 1);
        const V v8 = v6 - v7;
        const V v9 = LOAD(r4 + i);
        const V v10 = LOAD(r5 + i);
        const V v11 = v9 - v10;
        const V v12 = LOAD(r6 + i);
        const V v13 = LOAD(r7 + i);
        const V v14 = v12 - v13;
        const V v15 = c2 * v14;
        const V v16 = vfma(sp(c1), v11, v15);
        const V v17 = vfma(sp(c4), v8, v16);
        const V v18 = vfma(sp(c3), v5, v17);
        const V v19 = -v1;
        const V v20 = vfma(sp(c5), v0, v19);
        const V v21 = -v2;
        const V v22 = v0 - v1;
        const V v23 = LOAD(r9 + i);
        const V v24 = v23 * v18;
        const V v25 = vfma(v21, v22, v24);
        const V v26 = v20 + v25;
        put(r8 + i, v26, i, lo, hi);
      }
    }
  }
}
void rg_3(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c6 = c[6];
  const T c7 = c[7];
  const T c8 = c[8];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = f[8][i];
      const T v2 = v1 * c7;
      const T v3 = f[9][i];
      const T v4 = v3 * c8;
      const T v5 = v2 + v4;
      const T v6 = c6 / v5;
      const T v7 = v0 * v6;
      const T v8 = v7 * v1;
      sum = sum + weight[j] * v8;
    }
    f[6][i] = f[6][i] + sum;
  }
}
