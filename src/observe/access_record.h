#pragma once

// The access log as Sōzu's protobuf: each record is the varint of a length, a ProtobufAccessLog of as many bytes, and
// two zero bytes. Strings are UTF-8, as readers in other languages insist on it: '?' stands for each byte that is not.

#include <memory>
#include <span>
#include <string_view>

#include "observe/access_log.h"

namespace command {
class ProtobufAccessLog;
}

namespace seki::observe {

class AccessRecord {
public:
    // `tag`: of the process; outlives it.
    explicit AccessRecord(std::string_view tag);
    ~AccessRecord();

    // How many bytes of `window` the record has; 0 where it does not fit in.
    size_t write(std::span<char> window, const AccessLine& access);

private:
    void fill(const AccessLine& access);

    std::string_view tag_;
    std::unique_ptr<command::ProtobufAccessLog> record_;  // kept for its memory
};

}  // namespace seki::observe
