#include "net/buffer_pool.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace seki::net {
namespace {

BufferPool::Sizes sizes() {
    BufferPool::Sizes sizes;
    sizes.buffer_size = 10'000;
    sizes.max_buffers = 3;
    sizes.small_size = 100;
    sizes.max_small = 2;
    return sizes;
}

TEST(Buffer, gives_back_what_was_put_in) {
    BufferPool pool(BufferPool::Memory::map(sizes()).value());
    const BufferPtr buffer = pool.acquire_small();
    EXPECT_TRUE(buffer->empty());
    EXPECT_EQ(buffer->room().size(), 100U);
    buffer->append("hello ");
    buffer->append("world");
    buffer->consume(6);
    EXPECT_EQ(buffer->data(), "world");
    EXPECT_EQ(buffer->room().size(), 89U);
    buffer->compact();
    EXPECT_EQ(buffer->data(), "world");
    EXPECT_EQ(buffer->room().size(), 95U);
}

TEST(Buffer, can_go_back_to_what_was_consumed) {
    BufferPool pool(BufferPool::Memory::map(sizes()).value());
    const BufferPtr buffer = pool.acquire_small();
    buffer->append("once more");
    buffer->consume(5);
    EXPECT_EQ(buffer->consumed(), 5U);
    buffer->rewind();
    EXPECT_EQ(buffer->data(), "once more");
}

TEST(BufferPool, that_the_system_cannot_give_is_refused_with_its_size) {
    BufferPool::Sizes sizes;
    sizes.buffer_size = UINT32_MAX;
    sizes.max_buffers = UINT32_MAX;
    const auto memory = BufferPool::Memory::map(sizes);
    ASSERT_FALSE(memory);
    EXPECT_NE(memory.error().message.find("4294967295 buffers of 4294967295 bytes"), std::string::npos);
}

TEST(BufferPool, has_no_more_than_it_was_given) {
    BufferPool pool(BufferPool::Memory::map(sizes()).value());
    EXPECT_TRUE(pool.reserve(2));
    EXPECT_FALSE(pool.reserve(2));
    const BufferPtr third = pool.try_acquire();
    EXPECT_NE(third, nullptr);
    EXPECT_EQ(pool.try_acquire(), nullptr);
    const BufferPtr first = pool.acquire();
    const BufferPtr second = pool.acquire();
    EXPECT_EQ(pool.in_use(), 3U);
    EXPECT_NE(first->room().data(), second->room().data());
    pool.unreserve(2);
    EXPECT_EQ(pool.reserved(), 1U);
}

TEST(BufferPool, takes_back_a_reservation_with_its_buffer) {
    BufferPool pool(BufferPool::Memory::map(sizes()).value());
    for (int n = 0; n < 10; ++n) EXPECT_NE(pool.try_acquire(), nullptr);
    EXPECT_EQ(pool.reserved(), 0U);
    EXPECT_EQ(pool.in_use(), 0U);
}

TEST(BufferPool, keeps_small_buffers_apart_from_large_ones) {
    BufferPool pool(BufferPool::Memory::map(sizes()).value());
    const BufferPtr first = pool.acquire_small();
    const BufferPtr second = pool.acquire_small();
    EXPECT_EQ(pool.acquire_small(), nullptr);
    EXPECT_EQ(pool.small_in_use(), 2U);
    EXPECT_EQ(pool.in_use(), 0U);
    EXPECT_TRUE(pool.reserve(3));
    pool.unreserve(3);
}

TEST(BufferPool, works_on_after_its_memory_went_back) {
    BufferPool pool(BufferPool::Memory::map(sizes()).value());
    {
        std::vector<BufferPtr> all;
        for (int n = 0; n < 3; ++n) {
            all.push_back(pool.try_acquire());
            all.back()->append(std::string(10'000, 'x'));
        }
    }
    pool.trim();
    pool.trim();
    for (int n = 0; n < 3; ++n) {
        const BufferPtr buffer = pool.try_acquire();
        ASSERT_NE(buffer, nullptr);
        EXPECT_TRUE(buffer->empty());
        buffer->append(std::string(10'000, 'y'));
        EXPECT_EQ(buffer->data(), std::string(10'000, 'y'));
        pool.trim();
    }
}

}  // namespace
}  // namespace seki::net
