/* cgroup.h: what control groups (containers, systemd units) leave of the machine. */
#ifndef SEMID_BASE_CGROUP_H
#define SEMID_BASE_CGROUP_H

#include <stddef.h>

typedef struct sid__cgroup {
    double cpus;        /* CPU time a second; 0: no quota */
    size_t memory_size; /* bytes; 0: no limit */
} sid__cgroup;

/* The least that the process's groups and all groups above them allow, versions 2 and 1. `root` is "/sys/fs/cgroup" and
 * `membership` "/proc/self/cgroup"; files that are not there limit nothing. */
void sid__cgroup_read(const char *root, const char *membership, sid__cgroup *out);

#endif
