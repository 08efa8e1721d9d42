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
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[0][i];
      sum = sum + weight[j] * v0;
    }
    out[p] = sum;
  }
}
void rg_1(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c0 = c[0];
  const long *const end = b + 1 + 3 * b[0];
  {
    T *const r0 = f[0];
    T *const r1 = f[1];
    T *const r2 = f[2];
    T *const r3 = f[3];
    T *const r4 = f[4];
    for (const long *p = b + 1; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r0 + i - 1);
        const V v3 = LOAD(r0 + i + 1);
        const V v4 = v2 + v3;
        const V v5 = c0 * v0;
        const V v6 = v4 - v5;
        const V v7 = LOAD(r2 + i);
        const V v8 = v5 - v7;
        const V v9 = vfma(v1, v6, v8);
        put(r3 + i, v9, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r0 + i - 1);
        const V v3 = LOAD(r0 + i + 1);
        const V v4 = v2 + v3;
        const V v5 = c0 * v0;
        const V v6 = v4 - v5;
        const V v7 = LOAD(r2 + i);
        const V v8 = v5 - v7;
        const V v9 = -v1;
        const V v10 = v0 - v7;
        const V v11 = LOAD(r4 + i);
        const V v12 = v11 * v6;
        const V v13 = vfma(v9, v10, v12);
        const V v14 = v8 + v13;
        put(r3 + i, v14, i, lo, hi);
      }
    }
  }
}
void rg_2(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = f[5][i];
      const T v2 = v1 * c2;
      const T v3 = f[6][i];
      const T v4 = v3 * c3;
      const T v5 = v2 + v4;
      const T v6 = c1 / v5;
      const T v7 = v0 * v6;
      sum = sum + weight[j] * v7;
    }
    f[3][i] = f[3][i] + sum;
  }
}
