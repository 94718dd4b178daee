#pragma once

// A file that takes the place of another one when it is whole. Whoever reads sees the one or the other, and a crash of
// the machine leaves one of them.

#include <string>
#include <string_view>
#include <sys/stat.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace seki::config {

// A file, and the one beside it that takes its place when it is whole, under a name that nothing else has.
struct FileTarget {
    explicit FileTarget(std::string path_);

    // To be called where who wrote there was ended in the middle: private keys may be in it.
    void remove_draft() const;

    std::string path;
    std::string draft;
};

// The file that becomes the one at `path`; until then it has another name, and none when this goes. Errors name `path`.
class FileDraft {
public:
    // For its owner only.
    static Result<FileDraft> begin(const FileTarget& target);
    FileDraft(FileDraft&& other) noexcept = default;
    FileDraft& operator=(FileDraft&&) = delete;
    FileDraft(const FileDraft&) = delete;
    FileDraft& operator=(const FileDraft&) = delete;
    ~FileDraft();

    // The owner, group and mode of another file.
    Result<> resemble(const struct stat& other);
    Result<> write(std::string_view text);
    // It is on the disk when this returns.
    Result<> finish();

private:
    FileDraft(const FileTarget& target, UniqueFd fd);

    FileTarget target_;
    UniqueFd fd_;
};

}  // namespace seki::config
