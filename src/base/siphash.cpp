#include "base/siphash.h"

#include <bit>
#include <cstring>

namespace seki {

namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

// `word_rounds` for each word, and `last_rounds` at the end.
template <int word_rounds, int last_rounds>
class SipState {
public:
    // The constants spell "somepseudorandomlygeneratedbytes".
    explicit SipState(const SipKey& key) noexcept
        : a_(key.low ^ 0x736f6d6570736575U),
          b_(key.high ^ 0x646f72616e646f6dU),
          c_(key.low ^ 0x6c7967656e657261U),
          d_(key.high ^ 0x7465646279746573U) {}

    void absorb(uint64_t word) noexcept {
        d_ ^= word;
        rounds(word_rounds);
        a_ ^= word;
    }

    uint64_t finish() noexcept {
        c_ ^= 0xffU;
        rounds(last_rounds);
        return a_ ^ b_ ^ c_ ^ d_;
    }

private:
    void rounds(int count) noexcept {
        for (int i = 0; i < count; ++i) round();
    }

    void round() noexcept {
        a_ += b_;
        b_ = std::rotl(b_, 13) ^ a_;
        a_ = std::rotl(a_, 32);
        c_ += d_;
        d_ = std::rotl(d_, 16) ^ c_;
        a_ += d_;
        d_ = std::rotl(d_, 21) ^ a_;
        c_ += b_;
        b_ = std::rotl(b_, 17) ^ c_;
        c_ = std::rotl(c_, 32);
    }

    uint64_t a_;
    uint64_t b_;
    uint64_t c_;
    uint64_t d_;
};

template <int word_rounds, int last_rounds>
uint64_t hash(const SipKey& key, std::string_view bytes) noexcept {
    SipState<word_rounds, last_rounds> state(key);
    // The last word carries what is left of the text, and its length in the highest byte.
    uint64_t last = static_cast<uint64_t>(bytes.size()) << 56U;
    for (; bytes.size() >= sizeof last; bytes.remove_prefix(sizeof last)) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        state.absorb(word);
    }
    uint64_t rest = 0;
    if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
    state.absorb(last | rest);
    return state.finish();
}

}  // namespace

uint64_t siphash(const SipKey& key, std::string_view bytes) noexcept { return hash<2, 4>(key, bytes); }

uint64_t siphash13(const SipKey& key, std::string_view bytes) noexcept { return hash<1, 3>(key, bytes); }

}  // namespace seki
