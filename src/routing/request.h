#pragma once

// What rules look at in a request. Views and an address; header fields are asked for only where a rule has a condition
// on headers or cookies.

#include <absl/functional/function_ref.h>
#include <string_view>

#include "base/ip_address.h"
#include "routing/path.h"

namespace seki::routing {

// The header section of one request.
class HeaderFields {
public:
    using See = absl::FunctionRef<bool(std::string_view value)>;

    // Shows the value of each field line of that name, compared without regard to case, until `see` returns false.
    virtual void each(std::string_view name, See see) const = 0;

protected:
    ~HeaderFields() = default;
};

struct Request {
    std::string_view host;  // without a port; in any case, with or without the dot of the root
    std::string_view path;  // with the query
    std::string_view method;
    IpAddress client_address;
    const HeaderFields* headers = nullptr;  // null: there are none
    PathForm path_form = PathForm::as_written;
};

// Shows the value of each cookie of that name in one Cookie field (RFC 6265 §4.2.1); false when `see` returned false.
bool each_cookie(std::string_view field, std::string_view name, HeaderFields::See see);

// Shows the value of each parameter of that name in the query of `path`; false when `see` returned false. Names and
// values are read as forms write them: %41 is A, and + is a space. A parameter without '=' has an empty value.
bool each_query_parameter(std::string_view path, std::string_view name, HeaderFields::See see);

}  // namespace seki::routing
