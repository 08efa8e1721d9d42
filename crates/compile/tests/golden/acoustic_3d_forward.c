typedef float T;
typedef int I;
typedef T V __attribute__((vector_size(16), aligned(4), may_alias));
typedef I M __attribute__((vector_size(16), aligned(4), may_alias));
enum { L = 4 };
#define LOAD(p) (*(const V *)(p))
static inline V sp(T x) { return (V){x, x, x, x}; }
static inline V pick(M m, V a, V b) { return (V)((m & (M)a) | (~m & (M)b)); }
static inline V vmin(V a, V b) { return pick(b < a, b, a); }
static inline V vmax(V a, V b) { return pick(a < b, b, a); }
static inline V vabs(V a) { return (V)((M)a & ~(M)sp(-(T)0)); }
static inline V vsqrt(V a) { for (int k = 0; k < L; ++k) a[k] = __builtin_sqrtf(a[k]); return a; }
static inline V vfma(V a, V b, V c) { for (int k = 0; k < L; ++k) c[k] = __builtin_fmaf(a[k], b[k], c[k]); return c; }
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
  const T c6 = c[6];
  const T c7 = c[7];
  const T c8 = c[8];
  const T c9 = c[9];
  const T c10 = c[10];
  const T c11 = c[11];
  const T c12 = c[12];
  const T c13 = c[13];
  const T c14 = c[14];
  const T c15 = c[15];
  const T c16 = c[16];
  const T c17 = c[17];
  const T c18 = c[18];
  const T c19 = c[19];
  const T c20 = c[20];
  const T c21 = c[21];
  const T c22 = c[22];
  const T c23 = c[23];
  const T c24 = c[24];
  const T c25 = c[25];
  const T c26 = c[26];
  const T c27 = c[27];
  const T c28 = c[28];
  const T c29 = c[29];
  const long *const end = b + 5 + 3 * b[4];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  for (long i1 = b[2]; i1 < b[3]; ++i1)
  {
    T *const r0 = f[0] + (i0) * s[0] + (i1) * s[1];
    T *const r1 = f[1] + (i0) * s[0] + (i1) * s[1];
    T *const r2 = f[2] + (i0) * s[0] + (i1) * s[1];
    T *const r3 = f[0] + (i0 - 4) * s[0] + (i1) * s[1];
    T *const r4 = f[0] + (i0 + 4) * s[0] + (i1) * s[1];
    T *const r5 = f[0] + (i0 - 3) * s[0] + (i1) * s[1];
    T *const r6 = f[0] + (i0 + 3) * s[0] + (i1) * s[1];
    T *const r7 = f[0] + (i0 - 2) * s[0] + (i1) * s[1];
    T *const r8 = f[0] + (i0 + 2) * s[0] + (i1) * s[1];
    T *const r9 = f[0] + (i0 - 1) * s[0] + (i1) * s[1];
    T *const r10 = f[0] + (i0 + 1) * s[0] + (i1) * s[1];
    T *const r11 = f[0] + (i0) * s[0] + (i1 - 4) * s[1];
    T *const r12 = f[0] + (i0) * s[0] + (i1 + 4) * s[1];
    T *const r13 = f[0] + (i0) * s[0] + (i1 - 3) * s[1];
    T *const r14 = f[0] + (i0) * s[0] + (i1 + 3) * s[1];
    T *const r15 = f[0] + (i0) * s[0] + (i1 - 2) * s[1];
    T *const r16 = f[0] + (i0) * s[0] + (i1 + 2) * s[1];
    T *const r17 = f[0] + (i0) * s[0] + (i1 - 1) * s[1];
    T *const r18 = f[0] + (i0) * s[0] + (i1 + 1) * s[1];
    T *const r19 = f[3] + (i0) * s[0] + (i1) * s[1];
    T *const r20 = f[4] + (i0) * s[0] + (i1) * s[1];
    T *const r21 = f[5] + (i0) * s[0] + (i1) * s[1];
    T *const r22 = f[6] + (i0) * s[0] + (i1) * s[1];
    for (const long *p = b + 5; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r4 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r2 + i + 16 * L);
        __builtin_prefetch(r19 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = c0 * v0;
        const V v2 = LOAD(r1 + i);
        const V v3 = v1 - v2;
        const V v4 = LOAD(r2 + i);
        const V v5 = LOAD(r3 + i);
        const V v6 = LOAD(r4 + i);
        const V v7 = v5 + v6;
        const V v8 = c1 * v7;
        const V v9 = -v8;
        const V v10 = LOAD(r5 + i);
        const V v11 = LOAD(r6 + i);
        const V v12 = v10 + v11;
        const V v13 = c2 * v12;
        const V v14 = v9 + v13;
        const V v15 = LOAD(r7 + i);
        const V v16 = LOAD(r8 + i);
        const V v17 = v15 + v16;
        const V v18 = c3 * v17;
        const V v19 = v14 - v18;
        const V v20 = LOAD(r9 + i);
        const V v21 = LOAD(r10 + i);
        const V v22 = v20 + v21;
        const V v23 = c4 * v22;
        const V v24 = v19 + v23;
        const V v25 = c5 * v0;
        const V v26 = v24 - v25;
        const V v27 = LOAD(r11 + i);
        const V v28 = LOAD(r12 + i);
        const V v29 = v27 + v28;
        const V v30 = c6 * v29;
        const V v31 = v26 - v30;
        const V v32 = LOAD(r13 + i);
        const V v33 = LOAD(r14 + i);
        const V v34 = v32 + v33;
        const V v35 = c7 * v34;
        const V v36 = v31 + v35;
        const V v37 = LOAD(r15 + i);
        const V v38 = LOAD(r16 + i);
        const V v39 = v37 + v38;
        const V v40 = c8 * v39;
        const V v41 = v36 - v40;
        const V v42 = LOAD(r17 + i);
        const V v43 = LOAD(r18 + i);
        const V v44 = v42 + v43;
        const V v45 = c9 * v44;
        const V v46 = v41 + v45;
        const V v47 = LOAD(r0 + i - 4);
        const V v48 = LOAD(r0 + i + 4);
        const V v49 = v47 + v48;
        const V v50 = c10 * v49;
        const V v51 = v46 - v50;
        const V v52 = LOAD(r0 + i - 3);
        const V v53 = LOAD(r0 + i + 3);
        const V v54 = v52 + v53;
        const V v55 = c11 * v54;
        const V v56 = v51 + v55;
        const V v57 = LOAD(r0 + i - 2);
        const V v58 = LOAD(r0 + i + 2);
        const V v59 = v57 + v58;
        const V v60 = c12 * v59;
        const V v61 = v56 - v60;
        const V v62 = LOAD(r0 + i - 1);
        const V v63 = LOAD(r0 + i + 1);
        const V v64 = v62 + v63;
        const V v65 = c13 * v64;
        const V v66 = v61 + v65;
        const V v67 = v4 * v66;
        const V v68 = v3 + v67;
        put(r19 + i, v68, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r4 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r20 + i + 16 * L);
        __builtin_prefetch(r21 + i + 16 * L);
        __builtin_prefetch(r22 + i + 16 * L);
        __builtin_prefetch(r19 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r3 + i);
        const V v3 = LOAD(r4 + i);
        const V v4 = v2 + v3;
        const V v5 = LOAD(r5 + i);
        const V v6 = LOAD(r6 + i);
        const V v7 = v5 + v6;
        const V v8 = LOAD(r7 + i);
        const V v9 = LOAD(r8 + i);
        const V v10 = v8 + v9;
        const V v11 = LOAD(r9 + i);
        const V v12 = LOAD(r10 + i);
        const V v13 = v11 + v12;
        const V v14 = LOAD(r11 + i);
        const V v15 = LOAD(r12 + i);
        const V v16 = v14 + v15;
        const V v17 = LOAD(r13 + i);
        const V v18 = LOAD(r14 + i);
        const V v19 = v17 + v18;
        const V v20 = LOAD(r15 + i);
        const V v21 = LOAD(r16 + i);
        const V v22 = v20 + v21;
        const V v23 = LOAD(r17 + i);
        const V v24 = LOAD(r18 + i);
        const V v25 = v23 + v24;
        const V v26 = LOAD(r0 + i - 4);
        const V v27 = LOAD(r0 + i + 4);
        const V v28 = v26 + v27;
        const V v29 = LOAD(r0 + i - 3);
        const V v30 = LOAD(r0 + i + 3);
        const V v31 = v29 + v30;
        const V v32 = LOAD(r0 + i - 2);
        const V v33 = LOAD(r0 + i + 2);
        const V v34 = v32 + v33;
        const V v35 = LOAD(r0 + i - 1);
        const V v36 = LOAD(r0 + i + 1);
        const V v37 = v35 + v36;
        const V v38 = LOAD(r20 + i);
        const V v39 = c14 * v0;
        const V v40 = c15 * v1;
        const V v41 = v39 - v40;
        const V v42 = v38 * v41;
        const V v43 = LOAD(r21 + i);
        const V v44 = c16 * v4;
        const V v45 = -v44;
        const V v46 = c17 * v7;
        const V v47 = v45 + v46;
        const V v48 = c18 * v10;
        const V v49 = v47 - v48;
        const V v50 = c19 * v13;
        const V v51 = v49 + v50;
        const V v52 = c20 * v0;
        const V v53 = v51 - v52;
        const V v54 = c21 * v16;
        const V v55 = v53 - v54;
        const V v56 = c22 * v19;
        const V v57 = v55 + v56;
        const V v58 = c23 * v22;
        const V v59 = v57 - v58;
        const V v60 = c24 * v25;
        const V v61 = v59 + v60;
        const V v62 = c25 * v28;
        const V v63 = v61 - v62;
        const V v64 = c26 * v31;
        const V v65 = v63 + v64;
        const V v66 = c27 * v34;
        const V v67 = v65 - v66;
        const V v68 = c28 * v37;
        const V v69 = v67 + v68;
        const V v70 = v43 * v69;
        const V v71 = v42 + v70;
        const V v72 = LOAD(r22 + i);
        const V v73 = c29 * v1;
        const V v74 = v72 * v73;
        const V v75 = v71 + v74;
        put(r19 + i, v75, i, lo, hi);
      }
    }
  }
}
void rg_1(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c30 = c[30];
  const T c15 = c[15];
  const T c31 = c[31];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = f[7][i];
      const T v2 = v1 * c15;
      const T v3 = f[8][i];
      const T v4 = v3 * c31;
      const T v5 = v2 + v4;
      const T v6 = c30 / v5;
      const T v7 = v0 * v6;
      sum = sum + weight[j] * v7;
    }
    f[3][i] = f[3][i] + sum;
  }
}
void rg_2(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
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
