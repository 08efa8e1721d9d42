typedef float T;
typedef int I;
typedef T V __attribute__((vector_size(16), aligned(4), may_alias));
typedef I M __attribute__((vector_size(16), aligned(4), may_alias));
enum { L = 4 };
#define LOAD(p) (*(const V *)(p))
#define AHEAD(p, k) LOAD((p) + (k))
#define BEHIND(p, k) LOAD((p) - (k))
static inline V sp(T x) { return (V){x, x, x, x}; }
static inline V pick(M m, V a, V b) { return (V)((m & (M)a) | (~m & (M)b)); }
static inline V vmin(V a, V b) { return pick(b < a, b, a); }
static inline V vmax(V a, V b) { return pick(a < b, b, a); }
static inline V vabs(V a) { return (V)((M)a & ~(M)sp(-(T)0)); }
static inline V vsqrt(V a) { for (int k = 0; k < L; ++k) a[k] = __builtin_sqrtf(a[k]); return a; }
#ifdef __FMA__
static inline V vfma(V a, V b, V c) { return __builtin_ia32_vfmaddps(a, b, c); }
#else
static inline V vfma(V a, V b, V c) { for (int k = 0; k < L; ++k) c[k] = __builtin_fmaf(a[k], b[k], c[k]); return c; }
#endif
static inline T smin(T a, T b) { return b < a ? b : a; }
static inline T smax(T a, T b) { return a < b ? b : a; }
static inline T sabs(T a) { return a < 0 ? -a : a == 0 ? (T)0 : a; }
static inline T ssqrt(T a) { return __builtin_sqrtf(a); }
static inline T sfma(T a, T b, T c) { return __builtin_fmaf(a, b, c); }
static inline void put(T *p, V v, long i, long lo, long hi) {
  if (i >= lo && i + L <= hi) { *(V *)p = v; return; }
  const M at = (M){0, 1, 2, 3} + (I)i;
  *(V *)p = pick((at >= (I)lo) & (at < (I)hi), v, LOAD(p));
}
static inline M lane(long i) { return (M){0, 1, 2, 3} + (I)i; }
#ifdef __clang__
static inline V rev(V a) { return __builtin_shufflevector(a, a, 3, 2, 1, 0); }
#else
static inline V rev(V a) { return __builtin_shuffle(a, (M){3, 2, 1, 0}); }
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
static void (*rg_call)(long, T *, const T *, long);
void rg_link(void (*f)(long, T *, const T *, long)) { rg_call = f; }
static inline V vexp(V a) { rg_call(0, (T *)&a, 0, L); return a; }
static inline T sexp(T a) { rg_call(0, &a, 0, 1); return a; }
static inline V vln(V a) { rg_call(1, (T *)&a, 0, L); return a; }
static inline T sln(T a) { rg_call(1, &a, 0, 1); return a; }
static inline V vsin(V a) { rg_call(2, (T *)&a, 0, L); return a; }
static inline T ssin(T a) { rg_call(2, &a, 0, 1); return a; }
static inline V vcos(V a) { rg_call(3, (T *)&a, 0, L); return a; }
static inline T scos(T a) { rg_call(3, &a, 0, 1); return a; }
static inline V vtan(V a) { rg_call(4, (T *)&a, 0, L); return a; }
static inline T stan(T a) { rg_call(4, &a, 0, 1); return a; }
static inline V vtanh(V a) { rg_call(5, (T *)&a, 0, L); return a; }
static inline T stanh(T a) { rg_call(5, &a, 0, 1); return a; }
static inline V vpow(V a, V b) { rg_call(6, (T *)&a, (const T *)&b, L); return a; }
static inline T spow(T a, T b) { rg_call(6, &a, &b, 1); return a; }
static inline double flat(double b) { return b < 0x1p-1022 && b > -0x1p-1022 ? __builtin_copysign(0.0, b) : b; }
static inline double radd(double a, double b) { return a + b; }
static inline double rmin(double a, double b) { b = flat(b); return b < a ? b : a; }
static inline double rmax(double a, double b) { b = flat(b); return b > a ? b : a; }
void rg_0(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[0] + (i0 - 1) * s[0];
    T *const r2 = f[1] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = vexp(v0);
        const V v2 = vln(v0);
        const V v3 = vsin(v0);
        const V v4 = v2 * v3;
        const V v5 = vcos(v0);
        const V v6 = v4 / v5;
        const V v7 = v1 - v6;
        const V v8 = vtan(v0);
        const V v9 = v7 + v8;
        const V v10 = vtanh(v0);
        const V v11 = LOAD(r1 + i);
        const V v12 = vpow(v10, v11);
        const V v13 = v9 + v12;
        put(r2 + i, v13, i, lo, hi);
      }
    }
  }
}
void rg_1(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  const T c0 = c[0];
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[0][i];
      const T v1 = ssin(v0);
      const T v2 = spow(c0, v1);
      sum = sum + weight[j] * v2;
    }
    out[p] = sum;
  }
}
void rg_2(T *const *f, const long *s, const T *c, const long *b, double *out) {
  (void)s, (void)c;
  const long n1 = s[3];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[1] + (i0) * s[0];
    T *const r1 = f[0] + (i0) * s[0];
    double sum = -__builtin_inf();
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i + 1);
        const V v2 = v0 * v1;
        const V x = v2;
        for (long k = i < lo ? lo - i : 0; k < L && i + k < hi; ++k) sum = rmax(sum, x[k]);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = even(i + L > n1 - 1, lane(i) >= (I)(n1 - 1), r1 + (2 * n1 - 3) - i - (L - 1), LOAD(r1 + i + 1));
        const V v2 = v0 * v1;
        const V x = v2;
        for (long k = i < lo ? lo - i : 0; k < L && i + k < hi; ++k) sum = rmax(sum, x[k]);
      }
    }
    out[i0] = sum;
  }
}
