#include "base/slab.h"

#include <gtest/gtest.h>
#include <vector>

namespace seki {
namespace {

struct Counted {
    Counted(SlabId id_, int* alive_) : id(id_), alive(alive_) { ++*alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --*alive; }
    SlabId id;
    int* alive;
};

TEST(Slab, an_object_knows_its_id_and_is_found_by_it) {
    int alive = 0;
    Slab<Counted> slab(10);
    const SlabId id = slab.emplace(&alive);
    ASSERT_NE(slab.find(id), nullptr);
    EXPECT_EQ(slab.find(id)->id, id);
    EXPECT_EQ(SlabId::unpack(id.packed()), id);
}

TEST(Slab, an_id_that_outlived_its_object_finds_nothing_even_when_the_slot_is_used_again) {
    int alive = 0;
    Slab<Counted> slab(10);
    const SlabId old = slab.emplace(&alive);
    slab.erase(old);
    const SlabId young = slab.emplace(&alive);
    EXPECT_EQ(young.slot, old.slot);
    EXPECT_EQ(slab.find(old), nullptr);
    EXPECT_NE(slab.find(young), nullptr);
}

TEST(Slab, is_visited_in_parts_of_some_slots_that_find_everybody_once) {
    int alive = 0;
    Slab<Counted, 4> slab(20);
    std::vector<SlabId> ids;
    for (int i = 0; i < 10; ++i) ids.push_back(slab.emplace(&alive));
    slab.erase(ids[3]);
    ids.erase(ids.begin() + 3);
    std::vector<SlabId> seen;
    uint32_t parts = 0;
    uint32_t next = 0;
    do {
        next = slab.for_some(next, 5, [&](SlabId id, Counted&) { seen.push_back(id); });
        ++parts;
    } while (next != 0);
    EXPECT_EQ(seen, ids);
    EXPECT_EQ(parts, 3U) << "of the 12 slots there are";
    EXPECT_EQ((Slab<Counted, 4>(20).for_some(0, 5, [](SlabId, Counted&) {})), 0U);
}

TEST(Slab, a_full_slab_gives_an_invalid_id_and_grows_no_further) {
    int alive = 0;
    Slab<Counted, 4> slab(6);
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(slab.emplace(&alive).valid());
    EXPECT_FALSE(slab.emplace(&alive).valid());
    EXPECT_EQ(alive, 6);
}

TEST(Slab, objects_stay_where_they_are_while_the_slab_grows) {
    int alive = 0;
    Slab<Counted, 2> slab(100);
    const SlabId first = slab.emplace(&alive);
    const Counted* place = slab.find(first);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(slab.emplace(&alive).valid());
    EXPECT_EQ(slab.find(first), place);
}

TEST(Slab, every_object_is_destroyed_with_the_slab) {
    int alive = 0;
    {
        Slab<Counted> slab(10);
        for (int i = 0; i < 5; ++i) ASSERT_TRUE(slab.emplace(&alive).valid());
    }
    EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace seki
