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
void rg_0(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c0 = c[0];
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  const T c4 = c[4];
  const T c5 = c[5];
  const int past = s[2] != 0;
  const long *const end = b + 3 + 3 * b[2];
  long i0 = b[0];
  for (; i0 + 1 < b[1]; i0 += 2)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[1] + (i0 + 1) * s[0];
    T *const r3 = f[1] + (i0 - 1) * s[0];
    T *const r4 = f[1] + (i0 + 2) * s[0];
    T *const r5 = f[1] + (i0 - 2) * s[0];
    T *const r6 = f[2] + (i0) * s[0];
    T *const r7 = f[3] + (i0) * s[0];
    T *const r8 = f[4] + (i0) * s[0];
    T *const r9 = f[5] + (i0) * s[0];
    T *const r10 = f[6] + (i0) * s[0];
    T *const r11 = f[7] + (i0) * s[0];
    T *const r12 = f[8] + (i0) * s[0];
    T *const r13 = f[0] + (i0 + 1) * s[0];
    T *const r14 = f[1] + (i0 + 3) * s[0];
    T *const r15 = f[2] + (i0 + 1) * s[0];
    T *const r16 = f[3] + (i0 + 1) * s[0];
    T *const r17 = f[4] + (i0 + 1) * s[0];
    T *const r18 = f[5] + (i0 + 1) * s[0];
    T *const r19 = f[6] + (i0 + 1) * s[0];
    T *const r20 = f[7] + (i0 + 1) * s[0];
    T *const r21 = f[8] + (i0 + 1) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r7 + i + 2 * s[0]);
        if (past) __builtin_prefetch(r9 + i + 2 * s[0]);
        if (past) __builtin_prefetch(r16 + i + 2 * s[0]);
        if (past) __builtin_prefetch(r18 + i + 2 * s[0]);
        const V v0 = LOAD(r0 + i);
        const V v1 = -v0;
        const V v2 = LOAD(r1 + i);
        const V v3 = AHEAD(r1 + i, 1);
        const V v4 = BEHIND(r1 + i, 1);
        const V v5 = v3 + v4;
        const V v6 = AHEAD(r1 + i, 2);
        const V v7 = BEHIND(r1 + i, 2);
        const V v8 = v6 + v7;
        const V v9 = LOAD(r2 + i);
        const V v10 = LOAD(r3 + i);
        const V v11 = v9 + v10;
        const V v12 = LOAD(r4 + i);
        const V v13 = LOAD(r5 + i);
        const V v14 = v12 + v13;
        const V v15 = c3 * v14;
        const V v16 = vfma(sp(c5), v11, v15);
        const V v17 = vfma(sp(c4), v8, v16);
        const V v18 = vfma(sp(c2), v5, v17);
        const V v19 = vfma(sp(c0), v2, v18);
        const V v20 = LOAD(r6 + i);
        const V v21 = -v20;
        const V v22 = vfma(sp(c1), v2, v21);
        const V v23 = vfma(v1, v19, v22);
        const V v24 = LOAD(r7 + i);
        const V v25 = LOAD(r8 + i);
        const V v26 = v24 * v23;
        const V v27 = v25 + v26;
        const V v28 = LOAD(r9 + i);
        const V v29 = LOAD(r10 + i);
        const V v30 = v23 * v28;
        const V v31 = v29 + v30;
        const V v32 = LOAD(r13 + i);
        const V v33 = -v32;
        const V v34 = LOAD(r2 + i);
        const V v35 = AHEAD(r2 + i, 1);
        const V v36 = BEHIND(r2 + i, 1);
        const V v37 = v35 + v36;
        const V v38 = AHEAD(r2 + i, 2);
        const V v39 = BEHIND(r2 + i, 2);
        const V v40 = v38 + v39;
        const V v41 = LOAD(r4 + i);
        const V v42 = LOAD(r1 + i);
        const V v43 = v41 + v42;
        const V v44 = LOAD(r14 + i);
        const V v45 = LOAD(r3 + i);
        const V v46 = v44 + v45;
        const V v47 = c3 * v46;
        const V v48 = vfma(sp(c5), v43, v47);
        const V v49 = vfma(sp(c4), v40, v48);
        const V v50 = vfma(sp(c2), v37, v49);
        const V v51 = vfma(sp(c0), v34, v50);
        const V v52 = LOAD(r15 + i);
        const V v53 = -v52;
        const V v54 = vfma(sp(c1), v34, v53);
        const V v55 = vfma(v33, v51, v54);
        const V v56 = LOAD(r16 + i);
        const V v57 = LOAD(r17 + i);
        const V v58 = v56 * v55;
        const V v59 = v57 + v58;
        const V v60 = LOAD(r18 + i);
        const V v61 = LOAD(r19 + i);
        const V v62 = v55 * v60;
        const V v63 = v61 + v62;
        put(r11 + i, v23, i, lo, hi);
        put(r8 + i, v27, i, lo, hi);
        put(r10 + i, v31, i, lo, hi);
        put(r20 + i, v55, i, lo, hi);
        put(r17 + i, v59, i, lo, hi);
        put(r19 + i, v63, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r7 + i + 2 * s[0]);
        if (past) __builtin_prefetch(r9 + i + 2 * s[0]);
        if (past) __builtin_prefetch(r16 + i + 2 * s[0]);
        if (past) __builtin_prefetch(r18 + i + 2 * s[0]);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r12 + i);
        const V v2 = -v1;
        const V v3 = LOAD(r1 + i);
        const V v4 = AHEAD(r1 + i, 1);
        const V v5 = BEHIND(r1 + i, 1);
        const V v6 = v4 + v5;
        const V v7 = AHEAD(r1 + i, 2);
        const V v8 = BEHIND(r1 + i, 2);
        const V v9 = v7 + v8;
        const V v10 = LOAD(r2 + i);
        const V v11 = LOAD(r3 + i);
        const V v12 = v10 + v11;
        const V v13 = LOAD(r4 + i);
        const V v14 = LOAD(r5 + i);
        const V v15 = v13 + v14;
        const V v16 = c3 * v15;
        const V v17 = vfma(sp(c5), v12, v16);
        const V v18 = vfma(sp(c4), v9, v17);
        const V v19 = vfma(sp(c2), v6, v18);
        const V v20 = vfma(sp(c0), v3, v19);
        const V v21 = LOAD(r6 + i);
        const V v22 = -v21;
        const V v23 = vfma(sp(c1), v3, v22);
        const V v24 = v21 - v3;
        const V v25 = v0 * v24;
        const V v26 = vfma(v2, v20, v25);
        const V v27 = v23 + v26;
        const V v28 = LOAD(r7 + i);
        const V v29 = LOAD(r8 + i);
        const V v30 = v28 * v27;
        const V v31 = v29 + v30;
        const V v32 = LOAD(r9 + i);
        const V v33 = LOAD(r10 + i);
        const V v34 = v27 * v32;
        const V v35 = v33 + v34;
        const V v36 = LOAD(r13 + i);
        const V v37 = LOAD(r21 + i);
        const V v38 = -v37;
        const V v39 = LOAD(r2 + i);
        const V v40 = AHEAD(r2 + i, 1);
        const V v41 = BEHIND(r2 + i, 1);
        const V v42 = v40 + v41;
        const V v43 = AHEAD(r2 + i, 2);
        const V v44 = BEHIND(r2 + i, 2);
        const V v45 = v43 + v44;
        const V v46 = LOAD(r4 + i);
        const V v47 = LOAD(r1 + i);
        const V v48 = v46 + v47;
        const V v49 = LOAD(r14 + i);
        const V v50 = LOAD(r3 + i);
        const V v51 = v49 + v50;
        const V v52 = c3 * v51;
        const V v53 = vfma(sp(c5), v48, v52);
        const V v54 = vfma(sp(c4), v45, v53);
        const V v55 = vfma(sp(c2), v42, v54);
        const V v56 = vfma(sp(c0), v39, v55);
        const V v57 = LOAD(r15 + i);
        const V v58 = -v57;
        const V v59 = vfma(sp(c1), v39, v58);
        const V v60 = v57 - v39;
        const V v61 = v36 * v60;
        const V v62 = vfma(v38, v56, v61);
        const V v63 = v59 + v62;
        const V v64 = LOAD(r16 + i);
        const V v65 = LOAD(r17 + i);
        const V v66 = v64 * v63;
        const V v67 = v65 + v66;
        const V v68 = LOAD(r18 + i);
        const V v69 = LOAD(r19 + i);
        const V v70 = v63 * v68;
        const V v71 = v69 + v70;
        put(r11 + i, v27, i, lo, hi);
        put(r8 + i, v31, i, lo, hi);
        put(r10 + i, v35, i, lo, hi);
        put(r20 + i, v63, i, lo, hi);
        put(r17 + i, v67, i, lo, hi);
        put(r19 + i, v71, i, lo, hi);
      }
    }
  }
  for (; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[1] + (i0 + 1) * s[0];
    T *const r3 = f[1] + (i0 - 1) * s[0];
    T *const r4 = f[1] + (i0 + 2) * s[0];
    T *const r5 = f[1] + (i0 - 2) * s[0];
    T *const r6 = f[2] + (i0) * s[0];
    T *const r7 = f[3] + (i0) * s[0];
    T *const r8 = f[4] + (i0) * s[0];
    T *const r9 = f[5] + (i0) * s[0];
    T *const r10 = f[6] + (i0) * s[0];
    T *const r11 = f[7] + (i0) * s[0];
    T *const r12 = f[8] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r7 + i + 1 * s[0]);
        if (past) __builtin_prefetch(r9 + i + 1 * s[0]);
        const V v0 = LOAD(r0 + i);
        const V v1 = -v0;
        const V v2 = LOAD(r1 + i);
        const V v3 = AHEAD(r1 + i, 1);
        const V v4 = BEHIND(r1 + i, 1);
        const V v5 = v3 + v4;
        const V v6 = AHEAD(r1 + i, 2);
        const V v7 = BEHIND(r1 + i, 2);
        const V v8 = v6 + v7;
        const V v9 = LOAD(r2 + i);
        const V v10 = LOAD(r3 + i);
        const V v11 = v9 + v10;
        const V v12 = LOAD(r4 + i);
        const V v13 = LOAD(r5 + i);
        const V v14 = v12 + v13;
        const V v15 = c3 * v14;
        const V v16 = vfma(sp(c5), v11, v15);
        const V v17 = vfma(sp(c4), v8, v16);
        const V v18 = vfma(sp(c2), v5, v17);
        const V v19 = vfma(sp(c0), v2, v18);
        const V v20 = LOAD(r6 + i);
        const V v21 = -v20;
        const V v22 = vfma(sp(c1), v2, v21);
        const V v23 = vfma(v1, v19, v22);
        const V v24 = LOAD(r7 + i);
        const V v25 = LOAD(r8 + i);
        const V v26 = v24 * v23;
        const V v27 = v25 + v26;
        const V v28 = LOAD(r9 + i);
        const V v29 = LOAD(r10 + i);
        const V v30 = v23 * v28;
        const V v31 = v29 + v30;
        put(r11 + i, v23, i, lo, hi);
        put(r8 + i, v27, i, lo, hi);
        put(r10 + i, v31, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        if (past) __builtin_prefetch(r7 + i + 1 * s[0]);
        if (past) __builtin_prefetch(r9 + i + 1 * s[0]);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r12 + i);
        const V v2 = -v1;
        const V v3 = LOAD(r1 + i);
        const V v4 = AHEAD(r1 + i, 1);
        const V v5 = BEHIND(r1 + i, 1);
        const V v6 = v4 + v5;
        const V v7 = AHEAD(r1 + i, 2);
        const V v8 = BEHIND(r1 + i, 2);
        const V v9 = v7 + v8;
        const V v10 = LOAD(r2 + i);
        const V v11 = LOAD(r3 + i);
        const V v12 = v10 + v11;
        const V v13 = LOAD(r4 + i);
        const V v14 = LOAD(r5 + i);
        const V v15 = v13 + v14;
        const V v16 = c3 * v15;
        const V v17 = vfma(sp(c5), v12, v16);
        const V v18 = vfma(sp(c4), v9, v17);
        const V v19 = vfma(sp(c2), v6, v18);
        const V v20 = vfma(sp(c0), v3, v19);
        const V v21 = LOAD(r6 + i);
        const V v22 = -v21;
        const V v23 = vfma(sp(c1), v3, v22);
        const V v24 = v21 - v3;
        const V v25 = v0 * v24;
        const V v26 = vfma(v2, v20, v25);
        const V v27 = v23 + v26;
        const V v28 = LOAD(r7 + i);
        const V v29 = LOAD(r8 + i);
        const V v30 = v28 * v27;
        const V v31 = v29 + v30;
        const V v32 = LOAD(r9 + i);
        const V v33 = LOAD(r10 + i);
        const V v34 = v27 * v32;
        const V v35 = v33 + v34;
        put(r11 + i, v27, i, lo, hi);
        put(r8 + i, v31, i, lo, hi);
        put(r10 + i, v35, i, lo, hi);
      }
    }
  }
}
void rg_1(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c6 = c[6];
  const T c7 = c[7];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[9][i];
      const T v1 = v0 * c6;
      const T v2 = f[10][i];
      const T v3 = v2 * c7;
      const T v4 = v1 + v3;
      const T v5 = q[0][point[j]];
      const T v6 = v5 / v4;
      sum = sum + weight[j] * v6;
    }
    f[7][i] = f[7][i] + sum;
  }
}
void rg_2(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c6 = c[6];
  const T c7 = c[7];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[9][i];
      const T v1 = v0 * c6;
      const T v2 = f[10][i];
      const T v3 = v2 * c7;
      const T v4 = v1 + v3;
      const T v5 = f[3][i];
      const T v6 = q[0][point[j]];
      const T v7 = v6 / v4;
      const T v8 = v5 * v7;
      sum = sum + weight[j] * v8;
    }
    f[4][i] = f[4][i] + sum;
  }
}
void rg_3(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c6 = c[6];
  const T c7 = c[7];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[9][i];
      const T v1 = v0 * c6;
      const T v2 = f[10][i];
      const T v3 = v2 * c7;
      const T v4 = v1 + v3;
      const T v5 = f[5][i];
      const T v6 = q[0][point[j]];
      const T v7 = v6 / v4;
      const T v8 = v5 * v7;
      sum = sum + weight[j] * v8;
    }
    f[6][i] = f[6][i] + sum;
  }
}
void rg_4(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c8 = c[8];
  const T c6 = c[6];
  const T c7 = c[7];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = f[9][i];
      const T v2 = v1 * c6;
      const T v3 = f[10][i];
      const T v4 = v3 * c7;
      const T v5 = v2 + v4;
      const T v6 = c8 / v5;
      const T v7 = f[7][i];
      const T v8 = v6 * c6;
      const T v9 = -v8;
      const T v10 = v9 / v5;
      const T v11 = v0 * v10;
      const T v12 = v5 * v7;
      const T v13 = v11 * v12;
      sum = sum + weight[j] * v13;
    }
    f[4][i] = f[4][i] + sum;
  }
}
void rg_5(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c8 = c[8];
  const T c6 = c[6];
  const T c7 = c[7];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = f[9][i];
      const T v2 = v1 * c6;
      const T v3 = f[10][i];
      const T v4 = v3 * c7;
      const T v5 = v2 + v4;
      const T v6 = c8 / v5;
      const T v7 = f[7][i];
      const T v8 = v5 * v7;
      const T v9 = v6 * c7;
      const T v10 = -v9;
      const T v11 = v10 / v5;
      const T v12 = v0 * v11;
      const T v13 = v12 * v8;
      sum = sum + weight[j] * v13;
    }
    f[6][i] = f[6][i] + sum;
  }
}
void rg_6(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  const T c8 = c[8];
  const T c6 = c[6];
  const T c7 = c[7];
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[9][i];
      const T v1 = v0 * c6;
      const T v2 = f[10][i];
      const T v3 = v2 * c7;
      const T v4 = v1 + v3;
      const T v5 = c8 / v4;
      const T v6 = f[7][i];
      const T v7 = v4 * v6;
      const T v8 = v5 * v7;
      sum = sum + weight[j] * v8;
    }
    out[p] = sum;
  }
}
