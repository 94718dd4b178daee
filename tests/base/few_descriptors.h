#pragma once

// While it lives, this process may open only so many more descriptors: what a system at its limit does to us.

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <vector>

#include "base/check.h"
#include "base/unique_fd.h"

namespace seki {

class FewDescriptors {
public:
    explicit FewDescriptors(rlim_t more) {
        SEKI_CHECK(getrlimit(RLIMIT_NOFILE, &before_) == 0);
        // The limit is about numbers: the free ones below those in use are taken away, too.
        const int highest = highest_in_use();
        do {
            filling_.emplace_back(eventfd(0, EFD_CLOEXEC));
        } while (filling_.back().get() < highest);
        const rlimit few{static_cast<rlim_t>(filling_.back().get()) + 1 + more, before_.rlim_max};
        SEKI_CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;
    ~FewDescriptors() { SEKI_CHECK(setrlimit(RLIMIT_NOFILE, &before_) == 0); }

private:
    static int highest_in_use() {
        int highest = 0;
        for (int fd = 0; fd < 1024; ++fd) {
            if (::fcntl(fd, F_GETFD) != -1) highest = fd;
        }
        return highest;
    }

    rlimit before_{};
    std::vector<UniqueFd> filling_;
};

}  // namespace seki
