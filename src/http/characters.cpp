#include "http/characters.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace seki::http {

namespace {

consteval bool alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool control(char c) noexcept { return (static_cast<uint8_t>(c) < 0x20 && c != '\t') || c == 0x7f; }

}  // namespace

constexpr std::array<uint8_t, 256> table::classes = []() consteval {
    std::array<uint8_t, 256> classes{};
    for (int code = 0; code < 128; ++code) {
        const char c = static_cast<char>(code);
        uint8_t flags = 0;
        if (alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos) flags |= token;
        if (code > 0x20 && code < 0x7f && c != '#') flags |= target;
        if (alphanumeric(c) || std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos) flags |= host;
        if (alphanumeric(c) || c == '-') flags |= plain_name;
        classes[static_cast<size_t>(code)] = flags;
    }
    return classes;
}();

const char* find_colon(const char* begin, const char* end) noexcept {
#ifdef __SSE2__
    const __m128i colon = _mm_set1_epi8(':');
    const __m128i lowest_visible = _mm_set1_epi8(0x21);  // bytes above ASCII are negative, and so are below it too
    for (; end - begin >= 16; begin += 16) {
        const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
        const __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(text, colon), _mm_cmplt_epi8(text, lowest_visible));
        const int mask = _mm_movemask_epi8(stop);
        if (mask != 0) return begin + __builtin_ctz(static_cast<unsigned>(mask));
    }
#endif
    while (begin != end && *begin != ':' && static_cast<signed char>(*begin) > ' ') ++begin;
    return begin;
}

const char* find_control(const char* begin, const char* end) noexcept {
#ifdef __SSE2__
    const __m128i highest_control = _mm_set1_epi8(0x1f);
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i del = _mm_set1_epi8(0x7f);
    for (; end - begin >= 16; begin += 16) {
        const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(text, highest_control), text);
        const __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(text, tab), low), _mm_cmpeq_epi8(text, del));
        const int mask = _mm_movemask_epi8(bad);
        if (mask != 0) return begin + __builtin_ctz(static_cast<unsigned>(mask));
    }
#endif
    while (begin != end && !control(*begin)) ++begin;
    return begin;
}

}  // namespace seki::http
