#include "net/pipe_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace seki::net {
namespace {

TEST(PipePool, gives_as_many_as_its_limit_says) {
    PipePool pool(65536, 2);
    auto first = pool.take();
    auto second = pool.take();
    ASSERT_TRUE(first && second);
    EXPECT_GE(first->capacity, 4096U);
    EXPECT_FALSE(pool.take().has_value());
    EXPECT_EQ(pool.in_use(), 2U);
    pool.give_back(std::move(*first));
    EXPECT_EQ(pool.in_use(), 1U);
    auto third = pool.take();
    EXPECT_TRUE(third.has_value());
    pool.discard(std::move(*second));
    pool.discard(std::move(*third));
    EXPECT_EQ(pool.in_use(), 0U);
}

TEST(PipePool, keeps_a_pipe_for_the_next_who_needs_one) {
    PipePool pool(65536, 2);
    auto pipe = pool.take();
    ASSERT_TRUE(pipe);
    const int end = pipe->read_end.get();
    pool.give_back(std::move(*pipe));
    pipe = pool.take();
    ASSERT_TRUE(pipe);
    EXPECT_EQ(pipe->read_end.get(), end);
    pool.give_back(std::move(*pipe));
}

TEST(PipePool, adopts_one_of_another_with_what_is_in_it_above_its_limit_too) {
    PipePool other(65536, 1);
    PipePool pool(65536, 1);
    auto own = pool.take();
    auto pipe = other.take();
    ASSERT_TRUE(own && pipe);
    ASSERT_EQ(::write(pipe->write_end.get(), "bytes", 5), 5);
    const auto ends_of = [&](const Pipe& in, const Pipe& out, uint64_t held) {
        return pool.adopt(UniqueFd(::dup(out.read_end.get())), UniqueFd(::dup(in.write_end.get())), held);
    };
    EXPECT_FALSE(ends_of(*pipe, *own, 5)) << "of two pipes";
    EXPECT_FALSE(ends_of(*pipe, *pipe, pipe->capacity + 1U));
    auto adopted = ends_of(*pipe, *pipe, 5);
    ASSERT_TRUE(adopted);
    EXPECT_EQ(adopted->capacity, pipe->capacity);
    other.discard(std::move(*pipe));
    EXPECT_EQ(pool.in_use(), 2U);
    pool.give_back(std::move(*own));
    EXPECT_FALSE(pool.take().has_value());
    char bytes[8];
    EXPECT_EQ(::read(adopted->read_end.get(), bytes, sizeof bytes), 5);
    pool.give_back(std::move(*adopted));
    EXPECT_EQ(pool.in_use(), 0U);
    EXPECT_FALSE(pool.adopt(UniqueFd(), UniqueFd(), 0).has_value());
}

TEST(PipePool, gives_nobody_else_a_pipe_that_another_process_may_have) {
    PipePool other(65536, 1);
    PipePool pool(65536, 1);
    const auto held = other.take();
    ASSERT_TRUE(held);
    auto adopted = pool.adopt(UniqueFd(::dup(held->read_end.get())), UniqueFd(::dup(held->write_end.get())), 0);
    ASSERT_TRUE(adopted);
    pool.give_back(std::move(*adopted));
    ASSERT_EQ(::write(held->write_end.get(), "bytes", 5), 5);
    const auto next = pool.take();
    ASSERT_TRUE(next);
    char bytes[8];
    EXPECT_LT(::read(next->read_end.get(), bytes, sizeof bytes), 0);
}

TEST(PipePool, never_gives_a_pipe_that_had_bytes_in_it) {
    PipePool pool(65536, 1);
    auto pipe = pool.take();
    ASSERT_TRUE(pipe);
    ASSERT_EQ(::write(pipe->write_end.get(), "left", 4), 4);
    pool.discard(std::move(*pipe));
    pipe = pool.take();
    ASSERT_TRUE(pipe);
    char byte = 0;
    EXPECT_EQ(::read(pipe->read_end.get(), &byte, 1), -1);
    pool.give_back(std::move(*pipe));
}

TEST(PipePool, has_a_limit_that_fits_the_number_of_connections) {
    EXPECT_EQ(PipePool::limit_for(1), 4U);
    EXPECT_EQ(PipePool::limit_for(1600), 100U);
    EXPECT_EQ(PipePool::limit_for(1'000'000), 256U);
}

}  // namespace
}  // namespace seki::net
