#include "command/byte_queue.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <malloc.h>
#include <new>

namespace {

constexpr std::string_view marker = "a key that nobody may find";
size_t left_behind = 0;  // blocks that were given back with it

void give_back(void* block) noexcept {
    if (block == nullptr) return;
    const std::string_view bytes(static_cast<const char*>(block), malloc_usable_size(block));
    if (bytes.find(marker) != std::string_view::npos) ++left_behind;
    std::free(block);
}

}  // namespace

void* operator new(size_t size) {
    void* const block = std::calloc(1, size);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}
void operator delete(void* block) noexcept { give_back(block); }
void operator delete(void* block, size_t /*size*/) noexcept { give_back(block); }

namespace seki::command {
namespace {

TEST(ByteQueue, bytes_come_at_the_end_and_go_at_the_front) {
    ByteQueue queue(false);
    queue.append("one");
    queue.append("two");
    queue.drop(2);
    EXPECT_EQ(queue.bytes(), "etwo");
    queue.compact(0);
    EXPECT_EQ(queue.bytes(), "etwo");
    queue.drop(3);
    queue.compact(0);
    EXPECT_EQ(queue.bytes(), "o");
    queue.drop(1);
    EXPECT_TRUE(queue.empty());
    queue.compact(0);
    queue.append("three");
    EXPECT_EQ(queue.bytes(), "three");
    EXPECT_EQ(queue.size(), 5U);
}

TEST(ByteQueue, gives_memory_back_when_it_is_empty) {
    ByteQueue queue(false);
    queue.append(std::string(10'000, 'x'));
    queue.drop(10'000);
    const size_t before = queue.room_for(0).capacity();
    queue.compact(before);
    EXPECT_EQ(queue.room_for(0).capacity(), before);
    queue.compact(100);
    EXPECT_LE(queue.room_for(0).capacity(), 100U);
}

// However it grows and shrinks: what it held is in no memory that it gave back.
TEST(ByteQueue, a_secret_one_leaves_nothing_behind) {
    for (const bool secret : {false, true}) {
        left_behind = 0;
        {
            ByteQueue queue(secret);
            for (int round = 0; round < 20; ++round) {
                for (int times = 0; times < 10 + round; ++times) queue.append(marker);
                queue.drop(5 * marker.size() + 3);
                if (round % 3 == 0) queue.compact(0);
                if (round % 7 == 6) queue.clear();
                if (round % 5 == 4) queue.drop(queue.size());
            }
            queue.append(marker);
        }
        EXPECT_EQ(left_behind == 0, secret) << left_behind;
    }
}

// Also not in its own memory, behind the end or before the front.
TEST(ByteQueue, a_secret_one_wipes_what_has_gone) {
    ByteQueue queue(true);
    queue.room_for(1000);
    for (int times = 0; times < 10; ++times) queue.append(marker);
    const char* const begin = queue.bytes().data();
    queue.drop(9 * marker.size());
    queue.compact(4096);
    ASSERT_EQ(queue.bytes().data(), begin);
    EXPECT_EQ(queue.bytes(), marker);
    const std::string_view memory(begin, queue.room_for(0).capacity());
    EXPECT_EQ(memory.find(marker, 1), std::string_view::npos);
    queue.clear();
    EXPECT_EQ(memory.find(marker), std::string_view::npos);
}

}  // namespace
}  // namespace seki::command
