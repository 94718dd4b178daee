#pragma once

// Bytes that one process keeps and others read where they are, so that there is one copy for all. They are written
// once, one behind the other, into segments: pieces of memory (memfd_create(2)) that nobody but their maker can write
// to and nobody can shorten, as seals see to. Another process gets a descriptor of a segment, and then places in it.
// Bytes never move and never change; a segment goes when nobody has anything in it any more. What lies there may be
// private keys, so it is left out of core dumps.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace seki {

// Where bytes lie, for whoever has the segment.
struct BytePlace {
    uint32_t segment = 0;
    uint32_t offset = 0;
    uint32_t size = 0;
    auto operator<=>(const BytePlace&) const = default;
};

class MappedBytes {
public:
    MappedBytes(char* memory, size_t size) noexcept : memory_(memory), size_(size) {}
    MappedBytes(const MappedBytes&) = delete;
    MappedBytes& operator=(const MappedBytes&) = delete;
    ~MappedBytes();

    [[nodiscard]] char* data() const noexcept { return memory_; }
    [[nodiscard]] size_t size() const noexcept { return size_; }

private:
    char* memory_;
    size_t size_;
};

// Of the process that keeps them.
class SharedBytes {
public:
    struct Segment {
        uint32_t number;
        UniqueFd fd;
        MappedBytes bytes;
        uint32_t used = 0;
        uint32_t backed = 0;  // for so many bytes there is memory

        [[nodiscard]] Result<UniqueFd> copy_fd() const;
    };
    using SegmentPtr = std::shared_ptr<const Segment>;

    // Keeps its segment.
    class Piece {
    public:
        Piece() = default;
        Piece(SegmentPtr segment, uint32_t offset, uint32_t size) noexcept
            : segment_(std::move(segment)), offset_(offset), size_(size) {}

        [[nodiscard]] std::string_view view() const noexcept {
            return segment_ == nullptr ? std::string_view() : std::string_view(segment_->bytes.data() + offset_, size_);
        }
        [[nodiscard]] BytePlace place() const noexcept {
            return segment_ == nullptr ? BytePlace() : BytePlace{segment_->number, offset_, size_};
        }
        // Null: it is no piece of anything.
        [[nodiscard]] const SegmentPtr& segment() const noexcept { return segment_; }

    private:
        SegmentPtr segment_;
        uint32_t offset_ = 0;
        uint32_t size_ = 0;
    };

    // The first segment; each further one is twice as large, up to the last of these.
    static constexpr size_t smallest_segment = size_t{1} << 20U;
    static constexpr size_t largest_segment = size_t{16} << 20U;

    // `parts`, one behind the other. An error when the system has no memory or no descriptor for them.
    Result<Piece> put(std::span<const std::string_view> parts);

    // Before the first: numbers of segments begin behind this one. Readers that live longer than who keeps them must
    // never meet one twice.
    void number_behind(uint32_t number) noexcept { last_number_ = number; }

    // Those in which there is something, or may come to be.
    [[nodiscard]] std::vector<SegmentPtr> segments() const;

private:
    Result<> make_segment(size_t at_least);
    static Result<> back(Segment& segment, uint32_t end);

    std::shared_ptr<Segment> current_;
    std::vector<std::weak_ptr<const Segment>> all_;
    uint32_t last_number_ = 0;
    size_t next_size_ = smallest_segment;
};

// Of a process that was given segments.
class ForeignBytes {
public:
    using SegmentPtr = std::shared_ptr<const MappedBytes>;

    // From now on, as long as somebody has it, the segment is known by its number; one that is known is not mapped
    // again. Refuses what is not sealed.
    Result<SegmentPtr> map(uint32_t number, UniqueFd fd);
    // Null when it is not known.
    [[nodiscard]] SegmentPtr segment(uint32_t number) const;

private:
    std::map<uint32_t, std::weak_ptr<const MappedBytes>> segments_;
};

}  // namespace seki
