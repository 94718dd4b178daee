#pragma once

// What is to be said of the lines of a foreign file, beside the file that was made of it: what could not be converted,
// what is different afterwards, and what needs no counterpart. A line that has an effect is either converted or here.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace seki::convert {

// A place in the foreign file.
struct Origin {
    std::string file;
    uint32_t line = 0;  // from 1; 0: the file as a whole
    std::string text;   // what stands there, cut
};

enum class RemarkKind : uint8_t {
    lost,        // it has an effect that the new file does not have
    different,   // it is converted, but something is not as before
    not_needed,  // Seki does it by itself, or has no need of it
};

struct Remark {
    RemarkKind kind = RemarkKind::lost;
    Origin origin;
    std::string reason;
};

class Remarks {
public:
    // The same is said once.
    void lost(const Origin& origin, std::string reason) { add(RemarkKind::lost, origin, std::move(reason)); }
    void different(const Origin& origin, std::string reason) { add(RemarkKind::different, origin, std::move(reason)); }
    void not_needed(const Origin& origin, std::string reason) {
        add(RemarkKind::not_needed, origin, std::move(reason));
    }

    // By file, in the order in which these were read, and line.
    std::vector<Remark> take();

private:
    void add(RemarkKind kind, const Origin& origin, std::string reason);

    std::vector<Remark> list_;
    std::vector<std::string> files_;
    std::set<std::tuple<RemarkKind, std::string, uint32_t, std::string>> said_;
};

}  // namespace seki::convert
