#pragma once

// Names the supervisor to scripts and init systems while it may be spoken to. A later instance may write its own number
// under the same path while this one still drains, so the file is removed only if the number in it is still ours.

#include <string>
#include <utility>

#include "base/result.h"

namespace seki::supervisor {

class PidFile {
public:
    static Result<PidFile> write(const std::string& path);
    PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    PidFile& operator=(PidFile&&) = delete;
    ~PidFile();

private:
    explicit PidFile(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace seki::supervisor
