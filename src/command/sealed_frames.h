#pragma once

// Frames (frame.h) in a piece of memory that one process writes, seals and gives to others, who all read the same pages
// (memfd_create(2)). After the sealing nobody can change it, shorten it or write to it, so readers may look at it where
// it is, without a copy and without trust.

#include <cstdint>
#include <google/protobuf/message_lite.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "command/schema.h"

namespace seki::command {

class SealedFrames {
public:
    // What is given away: a descriptor and how many bytes there have to be.
    struct Memory {
        UniqueFd fd;
        uint64_t bytes = 0;

        [[nodiscard]] Result<UniqueFd> copy() const;
    };

    class Writer {
    public:
        // `name`: as it is listed among the mappings of a process.
        static Result<Writer> create(const char* name);
        // Into memory of make_memory() that is empty so far.
        static Writer over(UniqueFd memory) { return Writer(std::move(memory)); }

        Result<> append(const google::protobuf::MessageLite& message);
        // Good for one use.
        Result<Memory> seal();

    private:
        explicit Writer(UniqueFd fd) : memory_{std::move(fd), 0} {}

        Memory memory_;
        std::string buffer_;
    };

    // Empty, and not sealed yet.
    static Result<UniqueFd> make_memory(const char* name);

    // Refuses what is not sealed, and what has another size.
    static Result<SealedFrames> open(UniqueFd fd, uint64_t bytes);

    // The payload of the next frame, which is good as long as this is; nothing after the last one.
    Result<std::optional<std::string_view>> next();

private:
    struct Unmap {
        size_t size;
        void operator()(const char* memory) const noexcept;
    };
    using Mapping = std::unique_ptr<const char, Unmap>;

    explicit SealedFrames(Mapping mapping) : mapping_(std::move(mapping)) {}
    [[nodiscard]] std::string_view rest() const { return {mapping_.get() + at_, mapping_.get_deleter().size - at_}; }

    Mapping mapping_;  // null: there are none
    size_t at_ = 0;
};

}  // namespace seki::command
