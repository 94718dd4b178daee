#include "base/shared_bytes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "base/few_descriptors.h"

namespace seki {
namespace {

using testing::HasSubstr;

SharedBytes::Piece put(SharedBytes& bytes, std::string_view text) {
    const auto piece = bytes.put({&text, 1});
    EXPECT_TRUE(piece) << piece.error().message;
    return *piece;
}

ForeignBytes::SegmentPtr give(const SharedBytes::Piece& piece, ForeignBytes& foreign) {
    const auto mapped = foreign.map(piece.segment()->number, *piece.segment()->copy_fd());
    EXPECT_TRUE(mapped) << mapped.error().message;
    return *mapped;
}

std::string_view read(const SharedBytes::Piece& piece, const ForeignBytes& foreign) {
    const BytePlace place = piece.place();
    return {foreign.segment(place.segment)->data() + place.offset, place.size};
}

TEST(SharedBytes, are_read_by_another_where_they_are) {
    SharedBytes bytes;
    ForeignBytes foreign;
    const auto first = put(bytes, "one");
    const auto kept = give(first, foreign);
    EXPECT_EQ(read(first, foreign), "one");
    const std::array<std::string_view, 3> parts{"t", "", "wo"};
    const auto second = *bytes.put(parts);
    EXPECT_EQ(read(second, foreign), "two") << "which was written after it was mapped";
    EXPECT_EQ(second.segment(), first.segment());
    EXPECT_EQ(give(second, foreign), kept) << "one that is known is not mapped again";
}

TEST(SharedBytes, are_nobody_elses_to_change) {
    SharedBytes bytes;
    const auto piece = put(bytes, "one");
    const UniqueFd copy = *piece.segment()->copy_fd();
    EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, copy.get(), 0), MAP_FAILED);
    EXPECT_LT(pwrite(copy.get(), "x", 1, 0), 0);
    EXPECT_LT(ftruncate(copy.get(), 0), 0);
    EXPECT_EQ(piece.view(), "one");
}

TEST(SharedBytes, fill_segments_that_grow_and_go_with_their_last_piece) {
    SharedBytes bytes;
    const std::string half(SharedBytes::smallest_segment / 2 + 1, 'a');
    auto first = put(bytes, half);
    const auto second = put(bytes, half);
    EXPECT_NE(first.segment(), second.segment());
    EXPECT_EQ(second.segment()->bytes.size(), 2 * SharedBytes::smallest_segment);
    const auto third = put(bytes, "behind it");
    EXPECT_EQ(third.segment(), second.segment());
    EXPECT_EQ(bytes.segments().size(), 2U);
    first = {};
    EXPECT_EQ(bytes.segments().size(), 1U);
}

TEST(SharedBytes, that_are_large_get_a_segment_that_is_large_enough) {
    SharedBytes bytes;
    const std::string large(3 * SharedBytes::smallest_segment, 'a');
    EXPECT_EQ(put(bytes, large).view(), large);
    const std::string too_large(SharedBytes::largest_segment + 1, 'a');
    const std::string_view part = too_large;
    EXPECT_THAT(bytes.put({&part, 1}).error().message, HasSubstr("too many"));
}

TEST(SharedBytes, want_a_descriptor_and_say_so) {
    SharedBytes bytes;
    const std::string_view part = "one";
    {
        const FewDescriptors none(0);
        EXPECT_THAT(bytes.put({&part, 1}).error().message, HasSubstr("cannot make memory to share"));
    }
    EXPECT_EQ(put(bytes, part).view(), part);
}

TEST(ForeignBytes, forget_what_nobody_has_any_more) {
    SharedBytes bytes;
    ForeignBytes foreign;
    const auto piece = put(bytes, "one");
    give(piece, foreign);
    EXPECT_EQ(foreign.segment(piece.place().segment), nullptr);
    EXPECT_EQ(foreign.segment(77), nullptr);
}

TEST(ForeignBytes, refuse_memory_that_can_be_changed_or_cut) {
    UniqueFd open(memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(ftruncate(open.get(), 4096), 0);
    ForeignBytes foreign;
    EXPECT_THAT(foreign.map(1, std::move(open)).error().message, HasSubstr("not sealed"));
}

}  // namespace
}  // namespace seki
