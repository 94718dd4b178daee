// The memory that workers share, and the two limits kept in it.

#include "net/source_table.h"

#include <atomic>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <set>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

#include "base/random.h"
#include "net/source_counts.h"
#include "net/source_rates.h"

namespace seki::net {
namespace {

using Tokens = std::vector<SourceCounts::Token>;

SocketAddress source(uint32_t number) { return SocketAddress::v4(0xC0000200U + number, 1234); }

SourceTable new_table(uint32_t columns = 2) { return std::move(SourceTable::create(columns).value()); }

// As another process has it.
SourceTable map_again(const SourceTable& table) {
    return std::move(SourceTable::open(std::move(table.copy().value())).value());
}

int64_t touched_bytes(const SourceTable& table) {
    struct stat status{};
    EXPECT_EQ(::fstat(table.copy()->get(), &status), 0);
    return int64_t{status.st_blocks} * 512;
}

// As many as the limit allows.
Tokens take_all(SourceCounts& counts, uint64_t hash, uint64_t limit) {
    Tokens tokens;
    for (auto token = counts.acquire(hash, limit); token.valid(); token = counts.acquire(hash, limit))
        tokens.push_back(std::move(token));
    return tokens;
}

// ---- the memory

TEST(SourceTable, costs_nothing_before_it_is_used) {
    SourceTable table = new_table(1000);
    EXPECT_LE(touched_bytes(table), 4096);
    table.clear(999);
    EXPECT_LE(touched_bytes(table), 4096);
    const SourceCounts counts(table, 0);
    EXPECT_EQ(counts.count(table.hash("shop", source(1))), 0U);
    EXPECT_GT(touched_bytes(table), 4096);
}

TEST(SourceTable, has_whole_cache_lines_of_columns) {
    EXPECT_EQ(new_table(1).columns(), 16U);
    EXPECT_EQ(new_table(16).columns(), 16U);
    EXPECT_EQ(new_table(17).columns(), 32U);
}

TEST(SourceTable, hashes_alike_in_every_process) {
    const SourceTable table = new_table();
    const SourceTable other = map_again(table);
    EXPECT_EQ(other.hash("shop", source(1)), table.hash("shop", source(1)));
    EXPECT_NE(new_table().hash("shop", source(1)), table.hash("shop", source(1))) << "each has a key of its own";
}

TEST(SourceTable, hashes_cluster_and_address_but_not_the_port) {
    const SourceTable table = new_table();
    const auto v6 = [](std::string_view text) { return SocketAddress::parse(text).value(); };
    const std::set<uint64_t> hashes{table.hash("shop", source(1)), table.hash("shop", source(2)),
                                    table.hash("blog", source(1)), table.hash("shop", source(1), 7),
                                    table.hash("shop", v6("[2001:db8::1]:1")),
                                    table.hash("shop", v6("[2001:db8::2]:1")), table.hash("shop", v6("[2001:db8::]:1")),
                                    // The same four bytes first.
                                    table.hash("shop", v6("32.1.13.184:1"))};
    EXPECT_EQ(hashes.size(), 8U);
    EXPECT_EQ(table.hash("shop", source(1)), table.hash("shop", source(1).with_port(9)));
}

TEST(SourceTable, is_refused_when_it_could_shrink) {
    const UniqueFd loose(::memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(::ftruncate(loose.get(), 64 << 20), 0);
    EXPECT_FALSE(SourceTable::open(UniqueFd(::dup(loose.get()))));
    EXPECT_FALSE(SourceTable::open(UniqueFd()));
}

TEST(SourceTable, is_refused_when_its_layout_is_another_one) {
    const SourceTable table = new_table();
    const UniqueFd memory = std::move(table.copy().value());
    for (const off_t byte : {0, 8, 12, 16, 20}) {
        char was = 0;
        ASSERT_EQ(::pread(memory.get(), &was, 1, byte), 1);
        const char other = static_cast<char>(was + 1);
        ASSERT_EQ(::pwrite(memory.get(), &other, 1, byte), 1);
        const auto opened = SourceTable::open(UniqueFd(::dup(memory.get())));
        ASSERT_FALSE(opened) << byte;
        EXPECT_NE(opened.error().message.find("another layout"), std::string::npos);
        ASSERT_EQ(::pwrite(memory.get(), &was, 1, byte), 1);
    }
    EXPECT_TRUE(SourceTable::open(std::move(table.copy().value())));
}

TEST(SourceTable, is_the_same_for_who_comes_later_whatever_others_wrote_there) {
    const SourceTable table = new_table();
    const UniqueFd memory = std::move(table.copy().value());
    const std::vector<char> scribble(64, 'x');
    ASSERT_EQ(::pwrite(memory.get(), scribble.data(), scribble.size(), 0), 64);
    const auto opened = SourceTable::open(std::move(table.copy().value()));
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->hash("shop", source(1)), table.hash("shop", source(1)));
}

// ---- counts

TEST(SourceCounts, are_exact_when_connections_come_one_after_another) {
    SourceTable table = new_table();
    SourceTable other = map_again(table);
    SourceCounts first(table, 0);
    SourceCounts second(other, 1);
    const uint64_t hash = table.hash("shop", source(1));
    Tokens here = take_all(first, hash, 3);
    EXPECT_EQ(here.size(), 3U);
    Tokens there = take_all(second, hash, 5);
    EXPECT_EQ(there.size(), 2U);
    EXPECT_FALSE(first.acquire(hash, 5).valid());
    EXPECT_EQ(first.count(hash), 5U);
    there.pop_back();
    EXPECT_EQ(take_all(first, hash, 5).size(), 1U);
    here.clear();
    there.clear();
    EXPECT_EQ(first.count(hash), 0U);
    EXPECT_EQ(first.held() + second.held(), 0U);
}

TEST(SourceCounts, keep_sources_and_clusters_apart) {
    SourceTable table = new_table();
    SourceCounts counts(table, 0);
    const Tokens taken = take_all(counts, table.hash("shop", source(1)), 2);
    EXPECT_EQ(take_all(counts, table.hash("shop", source(2)), 2).size(), 2U);
    EXPECT_EQ(take_all(counts, table.hash("blog", source(1)), 2).size(), 2U);
}

TEST(SourceCounts, follow_a_token_that_moves) {
    SourceTable table = new_table();
    SourceCounts counts(table, 0);
    SourceCounts::Token token = counts.acquire(1, 1);
    EXPECT_TRUE(token.is_for(1));
    EXPECT_FALSE(token.is_for(2));
    token = counts.acquire(2, 1);
    EXPECT_TRUE(token.is_for(2));
    EXPECT_EQ(counts.count(1), 0U);
    EXPECT_EQ(counts.count(2), 1U);
    SourceCounts::Token taker = std::move(token);
    token.reset();
    EXPECT_EQ(counts.count(2), 1U);
    taker.reset();
    EXPECT_EQ(counts.count(2), 0U);
}

TEST(SourceCounts, are_not_disturbed_by_who_is_met_in_three_of_four_rows) {
    SourceTable table = new_table();
    SourceCounts counts(table, 0);
    const Tokens others = take_all(counts, 0x0001'0002'0003'0004U, 100);
    EXPECT_EQ(take_all(counts, 0x0009'0002'0003'0004U, 5).size(), 5U);
    EXPECT_EQ(take_all(counts, 0x0001'0002'0003'0009U, 5).size(), 5U);
}

TEST(SourceCounts, of_who_meets_others_in_all_four_rows_err_towards_refusing) {
    SourceTable table = new_table();
    SourceCounts counts(table, 0);
    Tokens others;
    for (const uint64_t hash :
         {0x0001'000a'000a'000aU, 0x000b'0002'000b'000bU, 0x000c'000c'0003'000cU, 0x000d'000d'000d'0004U})
        others.push_back(counts.acquire(hash, 1));
    EXPECT_EQ(counts.count(0x0001'0002'0003'0004U), 1U);
    EXPECT_EQ(take_all(counts, 0x0001'0002'0003'0004U, 5).size(), 4U);
}

TEST(SourceCounts, are_right_for_nearly_everybody_among_ten_thousand_sources) {
    SourceTable table = new_table();
    SourceCounts counts(table, 0);
    Random random(1);
    Tokens present;
    for (int number = 0; number < 10'000; ++number) present.push_back(counts.acquire(random.next(), UINT64_MAX));
    int mistaken = 0;
    for (int number = 0; number < 10'000; ++number) mistaken += counts.count(random.next()) > 0 ? 1 : 0;
    // (10,000 / 65,536)⁴ of them: 5.
    EXPECT_LE(mistaken, 20);
}

TEST(SourceCounts, never_exceed_the_limit_whoever_comes_at_the_same_time) {
    constexpr int limit = 3;
    constexpr uint64_t hash = 42;
    SourceTable table = new_table(8);
    std::atomic<int> holders = 0;
    std::atomic<int> most = 0;
    std::vector<std::thread> workers;
    for (uint32_t column = 0; column < 8; ++column) {
        workers.emplace_back([&, column] {
            SourceTable own = map_again(table);
            SourceCounts counts(own, column);
            for (int round = 0; round < 20'000; ++round) {
                const SourceCounts::Token token = counts.acquire(hash, limit);
                if (!token.valid()) continue;
                const int now = ++holders;
                for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                --holders;
            }
        });
    }
    for (std::thread& worker : workers) worker.join();
    EXPECT_LE(most, limit);
    EXPECT_GE(most, 1);
    SourceCounts counts(table, 0);
    EXPECT_EQ(take_all(counts, hash, limit).size(), 3U) << "and nothing is left behind";
}

TEST(SourceCounts, of_a_killed_process_go_with_its_column) {
    SourceTable table = new_table();
    SourceCounts counts(table, 0);
    const uint64_t hash = table.hash("shop", source(1));
    const Tokens ours = take_all(counts, hash, 2);
    const pid_t child = ::fork();
    if (child == 0) {
        SourceTable own = map_again(table);
        SourceCounts theirs(own, 1);
        const Tokens tokens = take_all(theirs, hash, 5);
        ::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(counts.count(hash), 5U);
    table.clear(1);
    EXPECT_EQ(counts.count(hash), 2U);
    EXPECT_EQ(take_all(counts, hash, 5).size(), 3U);
}

TEST(SourceCounts, are_all_cleared_with_a_column_and_no_others) {
    // Cells of 48 columns do not divide a page.
    for (const uint32_t columns : {16U, 48U}) {
        SourceTable table = new_table(columns);
        SourceCounts first(table, 0);
        SourceCounts last(table, columns - 1);
        Random random(2);
        std::vector<uint64_t> hashes{0, UINT64_MAX};
        for (int number = 0; number < 500; ++number) hashes.push_back(random.next());
        Tokens kept;
        for (const uint64_t hash : hashes) {
            kept.push_back(first.acquire(hash, UINT64_MAX));
            kept.push_back(last.acquire(hash, UINT64_MAX));
        }
        table.clear(columns - 1);
        for (const uint64_t hash : hashes) {
            for (uint32_t row = 0; row < SourceTable::rows; ++row) {
                EXPECT_GE(table.counts(row, hash).front(), 1U);
                EXPECT_EQ(table.counts(row, hash).back(), 0U);
            }
        }
    }
}

// ---- rates

struct Rates : testing::Test {
    FakeClock clock;
    SourceTable table = new_table();
    SourceRates rates{table};

    Duration take(uint64_t hash, const SourceRate& rate) { return rates.take(hash, rate, clock.monotonic()); }
    int take_all(uint64_t hash, const SourceRate& rate) {
        int taken = 0;
        while (take(hash, rate) == Duration::zero()) ++taken;
        return taken;
    }
};

TEST_F(Rates, allow_a_burst_and_then_one_per_interval) {
    constexpr SourceRate rate{.per_second = 10, .burst = 5};
    EXPECT_EQ(take_all(1, rate), 5);
    EXPECT_EQ(take(1, rate), std::chrono::milliseconds(100));
    clock.advance(std::chrono::milliseconds(99));
    EXPECT_EQ(take(1, rate), std::chrono::milliseconds(1));
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(take_all(1, rate), 1);
    clock.advance(std::chrono::milliseconds(250));
    EXPECT_EQ(take_all(1, rate), 2);
    clock.advance(std::chrono::hours(1));
    EXPECT_EQ(take_all(1, rate), 5) << "the bucket holds no more";
}

TEST_F(Rates, do_not_charge_who_is_refused) {
    constexpr SourceRate rate{.per_second = 1, .burst = 1};
    EXPECT_EQ(take_all(1, rate), 1);
    for (int times = 0; times < 1000; ++times) EXPECT_GT(take(1, rate), Duration::zero());
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(take(1, rate), Duration::zero());
}

TEST_F(Rates, of_no_burst_still_let_one_pass) {
    EXPECT_EQ(take_all(1, {.per_second = 2, .burst = 0}), 1);
    clock.advance(std::chrono::milliseconds(500));
    EXPECT_EQ(take_all(1, {.per_second = 2, .burst = 0}), 1);
}

TEST_F(Rates, of_any_size_can_be_counted) {
    EXPECT_EQ(take(1, {.per_second = UINT32_MAX, .burst = UINT32_MAX}), Duration::zero());
    EXPECT_EQ(take(2, {.per_second = 1, .burst = UINT32_MAX}), Duration::zero());
}

TEST_F(Rates, hold_in_all_workers_together) {
    constexpr SourceRate rate{.per_second = 1, .burst = 4};
    SourceTable other = map_again(table);
    SourceRates there(other);
    for (int times = 0; times < 2; ++times) {
        EXPECT_EQ(take(1, rate), Duration::zero());
        EXPECT_EQ(there.take(1, rate, clock.monotonic()), Duration::zero());
    }
    EXPECT_GT(take(1, rate), Duration::zero());
    EXPECT_GT(there.take(1, rate, clock.monotonic()), Duration::zero());
}

TEST_F(Rates, are_disturbed_only_by_who_is_met_in_all_four_rows) {
    constexpr SourceRate rate{.per_second = 1, .burst = 3};
    EXPECT_EQ(take_all(0x0001'0002'0003'000aU, rate), 3);
    EXPECT_EQ(take_all(0x0001'0002'0003'0004U, rate), 3);
    EXPECT_EQ(take_all(0x0001'0002'0003'0004U, rate), 0);
    EXPECT_EQ(take_all(0x000a'000a'000a'0004U, rate), 3);
}

TEST_F(Rates, never_give_more_than_there_is_whoever_comes_at_the_same_time) {
    constexpr int burst = 1000;
    const Monotonic now = clock.monotonic();
    std::atomic<int> taken = 0;
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 8; ++worker) {
        workers.emplace_back([&] {
            SourceTable own = map_again(table);
            SourceRates rates_there(own);
            for (int times = 0; times < 2 * burst; ++times)
                taken += rates_there.take(7, {.per_second = 1, .burst = burst}, now) == Duration::zero() ? 1 : 0;
        });
    }
    for (std::thread& worker : workers) worker.join();
    EXPECT_LE(taken, burst);
    EXPECT_GE(taken, burst - 7) << "only who came at the same time as another was refused too many";
}

}  // namespace
}  // namespace seki::net
