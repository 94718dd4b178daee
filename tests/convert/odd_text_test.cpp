// Texts that nobody means: they are refused, or something valid is made of them. Never anything else. SEKI_SEEDS says
// how many mutations are tried (400).

#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <random>

#include "config/toml/file.h"
#include "convert/converted.h"

namespace seki::convert {
namespace {

Result<std::vector<IpAddress>> some_address(const std::string&) { return std::vector{IpAddress::v4(0x7F000001)}; }

void survives(Format format, const std::string& text) {
    const auto result = converted(format, text);
    if (!result) {
        EXPECT_FALSE(result.error().message.empty());
        return;
    }
    const auto parsed = config::parse(result->text, "seki.toml", files_of({}).read, some_address);
    if (parsed) return;
    for (const config::Diagnostic& each : parsed.error()) {
        if (each.severity != config::Severity::error) continue;
        EXPECT_THAT(each.reason, testing::HasSubstr("no such file")) << text;
    }
}

void survive(const std::string& text) {
    survives(Format::nginx, text);
    survives(Format::haproxy, text);
}

std::string repeated(std::string_view part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
}

TEST(OddText, deep_endless_and_binary_ones_are_survived) {
    survive(repeated("a {", 100'000));
    survive(repeated("a;", 300'000));
    survive(repeated("frontend a\n", 300'000));
    survive(std::string("server { listen 80; location /\0 { proxy_pass http://a\0b; } }", 56));
    survive("server { server_name \xff\xfe; location /\xff { return 301 http://\xff/; } add_header \xff \xff; }");
    survive(
        "frontend \xff\n bind :80\n mode http\n use_backend \xff if { path_beg \xff }\nbackend \xff\n server \xff "
        "\xff:80\n");
    survive("frontend a\n mode http\n bind :1-65535,:0,:x,[::]:1\n" + repeated(" bind :80\n", 1000));
    survive("server { listen 80; " + repeated("server_name a b c;", 100) +
            repeated("location / { return 301 /; }", 100) + "}");
    survive("frontend a\n mode http\n bind :80\n acl x " + repeated("hdr(host) ", 3000) +
            "\n use_backend a if x x x !x or\nbackend a\n");
    survive("frontend a\n mode http\n bind :80\n" + repeated(" http-request deny if !{ path /a } !{ path /b }\n", 200) +
            "backend a\n");
    survive(
        "server { location = { } location ~ { } location { } if { return } return; rewrite; proxy_pass; listen; "
        "server_name; }");
    survive(
        "frontend\nbackend\nlisten\n bind\n server\n acl\n acl a\n use_backend\n redirect\n http-request\n "
        "http-request redirect\n default_backend\n");
}

std::string mutated(std::string text, uint32_t seed) {
    std::mt19937 random(seed);
    for (uint32_t edits = 1 + random() % 4; edits > 0; --edits) {
        const size_t at = random() % text.size();
        switch (random() % 4) {
            case 0:
                text.erase(at, 1 + random() % 12);
                break;
            case 1:
                text.insert(at, text.substr(random() % text.size(), random() % 20));
                break;
            case 2:
                text[at] = "{};'\"\\$~*/:.! \n#"[random() % 16];
                break;
            default:
                text[at] = static_cast<char>(random());
                break;
        }
        if (text.empty()) text = "a";
    }
    return text;
}

TEST(OddText, mutations_of_plain_files_are_survived) {
    const std::string nginx =
        "upstream u { server 192.0.2.1:80 weight=2; ip_hash; }\nserver { listen 127.0.0.1:80 default_server; "
        "server_name a.example *.b.example ~^x\\.y$;\n"
        "location = /a { proxy_pass http://u/b; }\nlocation ~* \\.(png|css)$ { return 302 /x$request_uri; }\nlocation "
        "^~ /c/ { allow 10.0.0.0/8; deny all; "
        "proxy_pass https://x.example:8443/; proxy_set_header X \"y z\"; }\nif ($scheme = http) { return 301 "
        "https://$host$request_uri; } }\n";
    const std::string haproxy =
        "defaults\n mode http\n timeout client 5s\nfrontend f\n bind *:80,:81\n acl a path_beg -i /x /y\n acl b "
        "hdr_dom(host) b.example\n"
        " http-request deny if a !b\n redirect scheme https code 301 unless a or b\n use_backend k if { path_reg "
        "^/[a-z]+$ } METH_POST\n default_backend k\n"
        "backend k\n balance source\n cookie s insert\n server one 192.0.2.1:80 weight 3 check ssl verify none cookie "
        "q\n";
    const char* const asked = std::getenv("SEKI_SEEDS");
    const uint32_t seeds = asked != nullptr ? static_cast<uint32_t>(std::strtoul(asked, nullptr, 10)) : 400;
    for (uint32_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        const Format format = seed % 2 == 0 ? Format::nginx : Format::haproxy;
        survives(format, mutated(format == Format::nginx ? nginx : haproxy, seed));
    }
}

}  // namespace
}  // namespace seki::convert
