#include "http/connection_auth.h"

#include <gtest/gtest.h>

namespace seki::http {
namespace {

bool authenticates(std::string_view name, std::string_view value) {
    FieldTable fields;
    fields.add({.name = name, .value = value, .line = {}, .id = field_id(name)});
    return authenticates_connection(fields);
}

TEST(AuthenticationOfConnections, is_told_by_scheme_in_whichever_field_and_letters) {
    for (const std::string_view name :
         {"WWW-Authenticate", "Proxy-Authenticate", "Authorization", "Proxy-Authorization", "authorization"}) {
        SCOPED_TRACE(name);
        for (const std::string_view value :
             {"NTLM", "ntlm", "Negotiate", "NEGOTIATE YIIabc==", "NTLM\tTlRMTVNTUAAB", "Kerberos", "Nego2", "CredSSP x",
              "Basic realm=\"x\", NTLM", "NTLM,Basic realm=\"x\"", "Digest qop=auth, nonce=1 ,\tnegotiate"}) {
            EXPECT_TRUE(authenticates(name, value)) << value;
        }
        for (const std::string_view value : {"", "Basic TlRMTQ==", "Bearer NTLM", "Digest realm=NTLM", "NTLMv9",
                                             "Basic realm=\"say NTLM\"", ",", "Nego"}) {
            EXPECT_FALSE(authenticates(name, value)) << value;
        }
    }
}

TEST(AuthenticationOfConnections, is_what_a_server_says_that_persists) {
    EXPECT_TRUE(authenticates("Persistent-Auth", "true"));
    EXPECT_TRUE(authenticates("persistent-auth", "TRUE"));
    EXPECT_FALSE(authenticates("Persistent-Auth", "false"));
}

TEST(AuthenticationOfConnections, is_not_what_other_fields_speak_of) {
    EXPECT_FALSE(authenticates("X-Authorization", "NTLM"));
    EXPECT_FALSE(authenticates("Cookie", "NTLM"));
}

TEST(AuthenticationOfConnections, may_stand_in_any_of_several_fields) {
    FieldTable fields;
    for (const std::string_view value : {"Basic realm=x", "Digest realm=x", "NTLM"}) {
        EXPECT_FALSE(authenticates_connection(fields));
        fields.add({.name = {}, .value = value, .line = {}, .id = FieldId::www_authenticate});
    }
    EXPECT_TRUE(authenticates_connection(fields));
}

}  // namespace
}  // namespace seki::http
