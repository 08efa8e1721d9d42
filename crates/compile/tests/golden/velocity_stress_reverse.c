typedef double T;
typedef long I;
typedef T V __attribute__((vector_size(16), aligned(8), may_alias));
typedef I M __attribute__((vector_size(16), aligned(8), may_alias));
enum { L = 2 };
#define LOAD(p) (*(const V *)(p))
static inline V sp(T x) { return (V){x, x}; }
static inline V pick(M m, V a, V b) { return (V)((m & (M)a) | (~m & (M)b)); }
static inline V vmin(V a, V b) { return pick(b < a, b, a); }
static inline V vmax(V a, V b) { return pick(a < b, b, a); }
static inline V vabs(V a) { return (V)((M)a & ~(M)sp(-(T)0)); }
static inline V vsqrt(V a) { for (int k = 0; k < L; ++k) a[k] = __builtin_sqrt(a[k]); return a; }
static inline V vfma(V a, V b, V c) { for (int k = 0; k < L; ++k) c[k] = __builtin_fma(a[k], b[k], c[k]); return c; }
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
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[0] + (i0 + 1) * s[0];
    T *const r2 = f[1] + (i0 + 1) * s[0];
    T *const r3 = f[2] + (i0 + 1) * s[0];
    T *const r4 = f[1] + (i0 - 2) * s[0];
    T *const r5 = f[2] + (i0 - 2) * s[0];
    T *const r6 = f[1] + (i0 - 1) * s[0];
    T *const r7 = f[2] + (i0 - 1) * s[0];
    T *const r8 = f[3] + (i0) * s[0];
    T *const r9 = f[4] + (i0) * s[0];
    T *const r10 = f[5] + (i0) * s[0];
    T *const r11 = f[6] + (i0) * s[0];
    T *const r12 = f[7] + (i0) * s[0];
    T *const r13 = f[8] + (i0) * s[0];
    T *const r14 = f[9] + (i0) * s[0];
    T *const r15 = f[10] + (i0) * s[0];
    T *const r16 = f[11] + (i0) * s[0];
    T *const r17 = f[12] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r2 + i + 16 * L);
        __builtin_prefetch(r3 + i + 16 * L);
        __builtin_prefetch(r8 + i + 16 * L);
        __builtin_prefetch(r9 + i + 16 * L);
        __builtin_prefetch(r10 + i + 16 * L);
        __builtin_prefetch(r11 + i + 16 * L);
        __builtin_prefetch(r12 + i + 16 * L);
        __builtin_prefetch(r13 + i + 16 * L);
        __builtin_prefetch(r14 + i + 16 * L);
        __builtin_prefetch(r15 + i + 16 * L);
        __builtin_prefetch(r16 + i + 16 * L);
        __builtin_prefetch(r17 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r0 + i + 1);
        const V v3 = LOAD(r2 + i);
        const V v4 = LOAD(r3 + i);
        const V v5 = v3 + v4;
        const V v6 = LOAD(r4 + i);
        const V v7 = v5 - v6;
        const V v8 = LOAD(r5 + i);
        const V v9 = v7 - v8;
        const V v10 = c0 * v9;
        const V v11 = LOAD(r6 + i);
        const V v12 = LOAD(r7 + i);
        const V v13 = v11 + v12;
        const V v14 = c1 * v13;
        const V v15 = v10 + v14;
        const V v16 = LOAD(r8 + i + 1);
        const V v17 = LOAD(r9 + i + 1);
        const V v18 = v16 + v17;
        const V v19 = LOAD(r8 + i - 2);
        const V v20 = v18 - v19;
        const V v21 = LOAD(r9 + i - 2);
        const V v22 = v20 - v21;
        const V v23 = c2 * v22;
        const V v24 = v15 + v23;
        const V v25 = LOAD(r8 + i - 1);
        const V v26 = LOAD(r9 + i - 1);
        const V v27 = v25 + v26;
        const V v28 = c3 * v27;
        const V v29 = v24 + v28;
        const V v30 = LOAD(r10 + i);
        const V v31 = v29 + v30;
        const V v32 = LOAD(r11 + i);
        const V v33 = c1 * v32;
        const V v34 = LOAD(r12 + i);
        const V v35 = c3 * v34;
        const V v36 = v33 + v35;
        const V v37 = v0 * v36;
        const V v38 = -v37;
        const V v39 = v1 * v33;
        const V v40 = v38 - v39;
        const V v41 = v2 * v35;
        const V v42 = v40 - v41;
        const V v43 = v31 + v42;
        const V v44 = LOAD(r13 + i);
        const V v45 = v44 * v43;
        const V v46 = LOAD(r14 + i);
        const V v47 = LOAD(r15 + i);
        const V v48 = v43 * v46;
        const V v49 = v47 + v48;
        put(r16 + i, v43, i, lo, hi);
        put(r17 + i, v45, i, lo, hi);
        put(r15 + i, v49, i, lo, hi);
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
    f[11][i] = f[11][i] + sum;
  }
}
void rg_2(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[8][i];
      const T v1 = q[0][point[j]];
      const T v2 = v0 * v1;
      sum = sum + weight[j] * v2;
    }
    f[12][i] = f[12][i] + sum;
  }
}
void rg_3(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[9][i];
      const T v1 = q[0][point[j]];
      const T v2 = v0 * v1;
      sum = sum + weight[j] * v2;
    }
    f[10][i] = f[10][i] + sum;
  }
}
void rg_7(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c4 = c[4];
  const T c5 = c[5];
  const T c6 = c[6];
  const T c7 = c[7];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[8] + (i0) * s[0];
    T *const r1 = f[7] + (i0) * s[0];
    T *const r2 = f[11] + (i0) * s[0];
    T *const r3 = f[12] + (i0) * s[0];
    T *const r4 = f[0] + (i0) * s[0];
    T *const r5 = f[13] + (i0) * s[0];
    T *const r6 = f[6] + (i0) * s[0];
    T *const r7 = f[12] + (i0 + 2) * s[0];
    T *const r8 = f[12] + (i0 - 1) * s[0];
    T *const r9 = f[12] + (i0 + 1) * s[0];
    T *const r10 = f[0] + (i0 + 1) * s[0];
    T *const r11 = f[14] + (i0) * s[0];
    T *const r12 = f[15] + (i0) * s[0];
    T *const r13 = f[16] + (i0) * s[0];
    T *const r14 = f[17] + (i0) * s[0];
    T *const r15 = f[18] + (i0) * s[0];
    T *const r16 = f[19] + (i0) * s[0];
    T *const r17 = f[20] + (i0) * s[0];
    T *const r18 = f[21] + (i0) * s[0];
    T *const r19 = f[22] + (i0) * s[0];
    T *const r20 = f[23] + (i0) * s[0];
    T *const r21 = f[24] + (i0) * s[0];
    T *const r22 = f[25] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r0 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r2 + i + 16 * L);
        __builtin_prefetch(r7 + i + 16 * L);
        __builtin_prefetch(r10 + i + 16 * L);
        __builtin_prefetch(r5 + i + 16 * L);
        __builtin_prefetch(r6 + i + 16 * L);
        __builtin_prefetch(r11 + i + 16 * L);
        __builtin_prefetch(r12 + i + 16 * L);
        __builtin_prefetch(r13 + i + 16 * L);
        __builtin_prefetch(r14 + i + 16 * L);
        __builtin_prefetch(r15 + i + 16 * L);
        __builtin_prefetch(r16 + i + 16 * L);
        __builtin_prefetch(r17 + i + 16 * L);
        __builtin_prefetch(r18 + i + 16 * L);
        __builtin_prefetch(r19 + i + 16 * L);
        __builtin_prefetch(r20 + i + 16 * L);
        __builtin_prefetch(r21 + i + 16 * L);
        __builtin_prefetch(r22 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r2 + i);
        const V v3 = LOAD(r3 + i + 2);
        const V v4 = LOAD(r3 + i - 1);
        const V v5 = v3 - v4;
        const V v6 = c4 * v5;
        const V v7 = v1 + v6;
        const V v8 = LOAD(r3 + i + 1);
        const V v9 = c5 * v8;
        const V v10 = v7 - v9;
        const V v11 = c5 * v2;
        const V v12 = v0 * v11;
        const V v13 = v10 + v12;
        const V v14 = LOAD(r4 + i);
        const V v15 = v14 * v13;
        const V v16 = LOAD(r4 + i + 1);
        const V v17 = v16 * v13;
        const V v18 = LOAD(r5 + i);
        const V v19 = v13 * v18;
        const V v20 = LOAD(r6 + i);
        const V v21 = LOAD(r7 + i);
        const V v22 = LOAD(r8 + i);
        const V v23 = v21 - v22;
        const V v24 = c6 * v23;
        const V v25 = v20 + v24;
        const V v26 = LOAD(r9 + i);
        const V v27 = c7 * v26;
        const V v28 = v25 - v27;
        const V v29 = c7 * v2;
        const V v30 = v0 * v29;
        const V v31 = v28 + v30;
        const V v32 = v14 * v31;
        const V v33 = LOAD(r10 + i);
        const V v34 = v33 * v31;
        const V v35 = LOAD(r11 + i);
        const V v36 = LOAD(r12 + i);
        const V v37 = LOAD(r13 + i);
        const V v38 = v13 * v35;
        const V v39 = v37 + v38;
        const V v40 = v31 * v36;
        const V v41 = v39 + v40;
        const V v42 = LOAD(r14 + i);
        const V v43 = v31 * v42;
        put(r15 + i, v13, i, lo, hi);
        put(r16 + i, v15, i, lo, hi);
        put(r17 + i, v17, i, lo, hi);
        put(r18 + i, v19, i, lo, hi);
        put(r19 + i, v31, i, lo, hi);
        put(r20 + i, v32, i, lo, hi);
        put(r21 + i, v34, i, lo, hi);
        put(r13 + i, v41, i, lo, hi);
        put(r22 + i, v43, i, lo, hi);
      }
    }
  }
}
void rg_8(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const long n1 = s[3];
  const long n0 = s[2];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[25] + (i0 - 1) * s[0];
    T *const r1 = f[21] + (i0) * s[0];
    T *const r2 = f[16] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r0 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r2 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i - 1);
        const V v2 = LOAD(r2 + i);
        const V v3 = v2 + v0;
        const V v4 = v3 + v1;
        put(r2 + i, v4, i, lo, hi);
      }
      else if (p[0] == 1)
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r0 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r2 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = heap(n1 - 1 - i, r1 + n1 - 2, 2, LOAD(r1 + i - 1));
        const V v2 = LOAD(r2 + i);
        const V v3 = v2 + v0;
        const V v4 = v3 + v1;
        put(r2 + i, v4, i, lo, hi);
      }
      else
      {
      const int h0 = i0 == n0 - 1;
      const T * h1 = f[25] + (i0 - 1) * s[0];
      const T * h2 = f[25] + (n0 - 1) * s[0];
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r2 + i + 16 * L);
        const V v0 = LOAD(h1 + i);
        const V v1 = LOAD(h2 + i);
        const V v2 = either(h0, v0 + v1, v0);
        const V v3 = heap(n1 - 1 - i, r1 + n1 - 2, 2, LOAD(r1 + i - 1));
        const V v4 = LOAD(r2 + i);
        const V v5 = v4 + v2;
        const V v6 = v5 + v3;
        put(r2 + i, v6, i, lo, hi);
      }
      }
    }
  }
}
void rg_9(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  const T c8 = c[8];
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[11][i];
      const T v1 = c8 * v0;
      sum = sum + weight[j] * v1;
    }
    out[p] = sum;
  }
}
