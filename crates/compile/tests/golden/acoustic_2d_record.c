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
typedef T A __attribute__((vector_size(16), may_alias));
#if !defined __SSE2__
#define PAST(p, v) (*(A *)(p) = (A)(v))
#define DRAIN (void)0
#elif defined __clang__
#define PAST(p, v) __builtin_nontemporal_store((A)(v), (A *)(p))
#define DRAIN __builtin_ia32_sfence()
#else
#define PAST(p, v) __builtin_ia32_movntps((float *)(p), (A)(v))
#define DRAIN __builtin_ia32_sfence()
#endif
static inline void keep(int past, T *p, V v, long i, long lo, long hi) {
  const int whole = i >= lo && i + L <= hi;
  if (past && whole && !((unsigned long)p & 15)) PAST(p, v);
  else put(p, v, i, lo, hi);
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
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  const T c4 = c[4];
  const T c5 = c[5];
  const T c6 = c[6];
  const T c7 = c[7];
  const T c8 = c[8];
  const int past = s[2] != 0;
  const long *const end = b + 3 + 3 * b[2];
  long i0 = b[0];
  for (; i0 + 1 < b[1]; i0 += 2)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[0] + (i0 - 1) * s[0];
    T *const r3 = f[0] + (i0 + 1) * s[0];
    T *const r4 = f[0] + (i0 - 2) * s[0];
    T *const r5 = f[0] + (i0 + 2) * s[0];
    T *const r6 = f[2] + (i0) * s[0];
    T *const r7 = f[3] + (i0) * s[0];
    T *const r8 = f[4] + (i0) * s[0];
    T *const r9 = f[5] + (i0) * s[0];
    T *const r10 = f[6] + (i0) * s[0];
    T *const r11 = f[1] + (i0 + 1) * s[0];
    T *const r12 = f[0] + (i0 + 3) * s[0];
    T *const r13 = f[2] + (i0 + 1) * s[0];
    T *const r14 = f[3] + (i0 + 1) * s[0];
    T *const r15 = f[4] + (i0 + 1) * s[0];
    T *const r16 = f[5] + (i0 + 1) * s[0];
    T *const r17 = f[6] + (i0 + 1) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = -v1;
        const V v3 = BEHIND(r0 + i, 1);
        const V v4 = AHEAD(r0 + i, 1);
        const V v5 = v3 + v4;
        const V v6 = BEHIND(r0 + i, 2);
        const V v7 = AHEAD(r0 + i, 2);
        const V v8 = v6 + v7;
        const V v9 = LOAD(r2 + i);
        const V v10 = LOAD(r3 + i);
        const V v11 = v9 + v10;
        const V v12 = LOAD(r4 + i);
        const V v13 = LOAD(r5 + i);
        const V v14 = v12 + v13;
        const V v15 = c3 * v14;
        const V v16 = vfma(sp(c5), v11, v15);
        const V v17 = vfma(sp(c0), v0, v16);
        const V v18 = vfma(sp(c4), v8, v17);
        const V v19 = vfma(sp(c2), v5, v18);
        const V v20 = LOAD(r6 + i);
        const V v21 = -v20;
        const V v22 = vfma(sp(c1), v0, v21);
        const V v23 = vfma(v2, v19, v22);
        const V v24 = c7 * v0;
        const V v25 = v20 + v23;
        const V v26 = vfma(sp(c6), v25, v24);
        const V v27 = v20 - v23;
        const V v28 = c8 * v27;
        const V v29 = LOAD(r3 + i);
        const V v30 = LOAD(r11 + i);
        const V v31 = -v30;
        const V v32 = BEHIND(r3 + i, 1);
        const V v33 = AHEAD(r3 + i, 1);
        const V v34 = v32 + v33;
        const V v35 = BEHIND(r3 + i, 2);
        const V v36 = AHEAD(r3 + i, 2);
        const V v37 = v35 + v36;
        const V v38 = LOAD(r0 + i);
        const V v39 = LOAD(r5 + i);
        const V v40 = v38 + v39;
        const V v41 = LOAD(r2 + i);
        const V v42 = LOAD(r12 + i);
        const V v43 = v41 + v42;
        const V v44 = c3 * v43;
        const V v45 = vfma(sp(c5), v40, v44);
        const V v46 = vfma(sp(c0), v29, v45);
        const V v47 = vfma(sp(c4), v37, v46);
        const V v48 = vfma(sp(c2), v34, v47);
        const V v49 = LOAD(r13 + i);
        const V v50 = -v49;
        const V v51 = vfma(sp(c1), v29, v50);
        const V v52 = vfma(v31, v48, v51);
        const V v53 = c7 * v29;
        const V v54 = v49 + v52;
        const V v55 = vfma(sp(c6), v54, v53);
        const V v56 = v49 - v52;
        const V v57 = c8 * v56;
        put(r7 + i, v23, i, lo, hi);
        keep(past, r8 + i, v26, i, lo, hi);
        keep(past, r9 + i, v28, i, lo, hi);
        put(r14 + i, v52, i, lo, hi);
        keep(past, r15 + i, v55, i, lo, hi);
        keep(past, r16 + i, v57, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = BEHIND(r0 + i, 1);
        const V v3 = AHEAD(r0 + i, 1);
        const V v4 = v2 + v3;
        const V v5 = BEHIND(r0 + i, 2);
        const V v6 = AHEAD(r0 + i, 2);
        const V v7 = v5 + v6;
        const V v8 = LOAD(r2 + i);
        const V v9 = LOAD(r3 + i);
        const V v10 = v8 + v9;
        const V v11 = LOAD(r4 + i);
        const V v12 = LOAD(r5 + i);
        const V v13 = v11 + v12;
        const V v14 = c3 * v13;
        const V v15 = vfma(sp(c5), v10, v14);
        const V v16 = vfma(sp(c0), v0, v15);
        const V v17 = vfma(sp(c4), v7, v16);
        const V v18 = vfma(sp(c2), v4, v17);
        const V v19 = LOAD(r6 + i);
        const V v20 = -v19;
        const V v21 = vfma(sp(c1), v0, v20);
        const V v22 = LOAD(r10 + i);
        const V v23 = -v22;
        const V v24 = v0 - v19;
        const V v25 = v1 * v24;
        const V v26 = -v25;
        const V v27 = vfma(v23, v18, v26);
        const V v28 = v21 + v27;
        const V v29 = c7 * v0;
        const V v30 = v19 + v28;
        const V v31 = vfma(sp(c6), v30, v29);
        const V v32 = v19 - v28;
        const V v33 = c8 * v32;
        const V v34 = LOAD(r3 + i);
        const V v35 = LOAD(r11 + i);
        const V v36 = BEHIND(r3 + i, 1);
        const V v37 = AHEAD(r3 + i, 1);
        const V v38 = v36 + v37;
        const V v39 = BEHIND(r3 + i, 2);
        const V v40 = AHEAD(r3 + i, 2);
        const V v41 = v39 + v40;
        const V v42 = LOAD(r0 + i);
        const V v43 = LOAD(r5 + i);
        const V v44 = v42 + v43;
        const V v45 = LOAD(r2 + i);
        const V v46 = LOAD(r12 + i);
        const V v47 = v45 + v46;
        const V v48 = c3 * v47;
        const V v49 = vfma(sp(c5), v44, v48);
        const V v50 = vfma(sp(c0), v34, v49);
        const V v51 = vfma(sp(c4), v41, v50);
        const V v52 = vfma(sp(c2), v38, v51);
        const V v53 = LOAD(r13 + i);
        const V v54 = -v53;
        const V v55 = vfma(sp(c1), v34, v54);
        const V v56 = LOAD(r17 + i);
        const V v57 = -v56;
        const V v58 = v34 - v53;
        const V v59 = v35 * v58;
        const V v60 = -v59;
        const V v61 = vfma(v57, v52, v60);
        const V v62 = v55 + v61;
        const V v63 = c7 * v34;
        const V v64 = v53 + v62;
        const V v65 = vfma(sp(c6), v64, v63);
        const V v66 = v53 - v62;
        const V v67 = c8 * v66;
        put(r7 + i, v28, i, lo, hi);
        keep(past, r8 + i, v31, i, lo, hi);
        keep(past, r9 + i, v33, i, lo, hi);
        put(r14 + i, v62, i, lo, hi);
        keep(past, r15 + i, v65, i, lo, hi);
        keep(past, r16 + i, v67, i, lo, hi);
      }
    }
  }
  for (; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[0] + (i0 - 1) * s[0];
    T *const r3 = f[0] + (i0 + 1) * s[0];
    T *const r4 = f[0] + (i0 - 2) * s[0];
    T *const r5 = f[0] + (i0 + 2) * s[0];
    T *const r6 = f[2] + (i0) * s[0];
    T *const r7 = f[3] + (i0) * s[0];
    T *const r8 = f[4] + (i0) * s[0];
    T *const r9 = f[5] + (i0) * s[0];
    T *const r10 = f[6] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = -v1;
        const V v3 = BEHIND(r0 + i, 1);
        const V v4 = AHEAD(r0 + i, 1);
        const V v5 = v3 + v4;
        const V v6 = BEHIND(r0 + i, 2);
        const V v7 = AHEAD(r0 + i, 2);
        const V v8 = v6 + v7;
        const V v9 = LOAD(r2 + i);
        const V v10 = LOAD(r3 + i);
        const V v11 = v9 + v10;
        const V v12 = LOAD(r4 + i);
        const V v13 = LOAD(r5 + i);
        const V v14 = v12 + v13;
        const V v15 = c3 * v14;
        const V v16 = vfma(sp(c5), v11, v15);
        const V v17 = vfma(sp(c0), v0, v16);
        const V v18 = vfma(sp(c4), v8, v17);
        const V v19 = vfma(sp(c2), v5, v18);
        const V v20 = LOAD(r6 + i);
        const V v21 = -v20;
        const V v22 = vfma(sp(c1), v0, v21);
        const V v23 = vfma(v2, v19, v22);
        const V v24 = c7 * v0;
        const V v25 = v20 + v23;
        const V v26 = vfma(sp(c6), v25, v24);
        const V v27 = v20 - v23;
        const V v28 = c8 * v27;
        put(r7 + i, v23, i, lo, hi);
        keep(past, r8 + i, v26, i, lo, hi);
        keep(past, r9 + i, v28, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = BEHIND(r0 + i, 1);
        const V v3 = AHEAD(r0 + i, 1);
        const V v4 = v2 + v3;
        const V v5 = BEHIND(r0 + i, 2);
        const V v6 = AHEAD(r0 + i, 2);
        const V v7 = v5 + v6;
        const V v8 = LOAD(r2 + i);
        const V v9 = LOAD(r3 + i);
        const V v10 = v8 + v9;
        const V v11 = LOAD(r4 + i);
        const V v12 = LOAD(r5 + i);
        const V v13 = v11 + v12;
        const V v14 = c3 * v13;
        const V v15 = vfma(sp(c5), v10, v14);
        const V v16 = vfma(sp(c0), v0, v15);
        const V v17 = vfma(sp(c4), v7, v16);
        const V v18 = vfma(sp(c2), v4, v17);
        const V v19 = LOAD(r6 + i);
        const V v20 = -v19;
        const V v21 = vfma(sp(c1), v0, v20);
        const V v22 = LOAD(r10 + i);
        const V v23 = -v22;
        const V v24 = v0 - v19;
        const V v25 = v1 * v24;
        const V v26 = -v25;
        const V v27 = vfma(v23, v18, v26);
        const V v28 = v21 + v27;
        const V v29 = c7 * v0;
        const V v30 = v19 + v28;
        const V v31 = vfma(sp(c6), v30, v29);
        const V v32 = v19 - v28;
        const V v33 = c8 * v32;
        put(r7 + i, v28, i, lo, hi);
        keep(past, r8 + i, v31, i, lo, hi);
        keep(past, r9 + i, v33, i, lo, hi);
      }
    }
  }
  if (past) DRAIN;
}
void rg_2(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c9 = c[9];
  const T c10 = c[10];
  const T c11 = c[11];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = f[7][i];
      const T v2 = v1 * c10;
      const T v3 = f[8][i];
      const T v4 = v3 * c11;
      const T v5 = v2 + v4;
      const T v6 = c9 / v5;
      const T v7 = v0 * v6;
      sum = sum + weight[j] * v7;
    }
    f[3][i] = f[3][i] + sum;
  }
}
