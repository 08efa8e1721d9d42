/* What a test of C needs to say what went wrong, and where. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retrograd_checkpoint.h"

#define CHECK(condition)                                                                     \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            fprintf(stderr, "%s:%d: %s; last error: %s\n", __FILE__, __LINE__, #condition,   \
                    rg_last_error());                                                        \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

#endif
