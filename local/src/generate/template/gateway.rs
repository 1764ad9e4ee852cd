//! What fronts the functions: the HTTP API, its stage, and a domain of one's own.

use super::functions::route_key;
use super::stacks::Stack;
use edge::{Resource, Route, cors};

/// The HTTP API; its routes are in the nested stacks.
pub(super) fn api() -> String {
    format!(
        r#"
  # ----- The API -----

  HttpApi:
    Type: AWS::ApiGatewayV2::Api
    # Which checks the origins first.
    DependsOn: BootstrapStack
    Properties:
      Name: !Ref AWS::StackName
      ProtocolType: HTTP
      CorsConfiguration: !If
        - HasCorsOrigins
        - AllowOrigins: !Split [",", !Ref CorsOrigins]
          AllowMethods: [{}]
          AllowHeaders: [{}]
          ExposeHeaders: [{}]
          MaxAge: 600
        - !Ref AWS::NoValue
"#,
        cors::ALLOWED_METHODS.join(", "),
        cors::ALLOWED_HEADERS.join(", "),
        cors::EXPOSED_HEADERS.join(", ")
    )
}

/// The stage, which stands after the routes that it has settings for, and the domain.
pub(super) fn stage(crates: &[(&'static str, Vec<Route>)], stacks: &[Stack]) -> String {
    let after: String = stacks.iter().map(|stack| format!("\n      - {}", stack.id())).collect();
    // Whoever makes us hash a password costs more than others do.
    let hashing = crates.iter().flat_map(|(_, routes)| routes).filter(|route| route.resources.contains(&Resource::Cpu));
    let keys = hashing.flat_map(|route| route.methods().into_iter().map(|method| route_key(&method, &format!("{}{}", edge::BASE, route.path))));
    let slower: String =
        keys.map(|key| format!("        {key}: {{ThrottlingRateLimit: !Ref SignInRate, ThrottlingBurstLimit: !Ref SignInBurst}}\n")).collect();
    format!(
        r#"
  ApiLogGroup:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /crm/${{AWS::StackName}}/api
      RetentionInDays: !Ref LogRetentionDays

  ApiStage:
    Type: AWS::ApiGatewayV2::Stage
    DependsOn:{after}
    Properties:
      ApiId: !Ref HttpApi
      StageName: $default
      AutoDeploy: true
      DefaultRouteSettings:
        ThrottlingRateLimit: !Ref ThrottleRate
        ThrottlingBurstLimit: !Ref ThrottleBurst
      # Where a password is hashed.
      RouteSettings:
{slower}      AccessLogSettings:
        DestinationArn: !GetAtt ApiLogGroup.Arn
        Format: '{ACCESS_LOG}'

  ApiDomain:
    Type: AWS::ApiGatewayV2::DomainName
    Condition: HasDomain
    # The empty default of CertificateArn is never used: without it there is no domain.
    Metadata: {{cfn-lint: {{config: {{ignore_checks: [W1030]}}}}}}
    Properties:
      DomainName: !Ref DomainName
      DomainNameConfigurations:
        - CertificateArn: !Ref CertificateArn
          EndpointType: REGIONAL
          SecurityPolicy: TLS_1_2

  ApiMapping:
    Type: AWS::ApiGatewayV2::ApiMapping
    Condition: HasDomain
    Properties:
      ApiId: !Ref HttpApi
      DomainName: !Ref ApiDomain
      Stage: !Ref ApiStage
"#
    )
}

/// A line of the gateway's log. It cannot show headers: the function's line has both ids, this one's
/// `requestId` as `gatewayRequestId`
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html>).
const ACCESS_LOG: &str = concat!(
    r#"{"time":"$context.requestTimeEpoch","requestId":"$context.requestId","ip":"$context.identity.sourceIp","#,
    r#""method":"$context.httpMethod","path":"$context.path","route":"$context.routeKey","status":"$context.status","#,
    r#""bytes":"$context.responseLength","ms":"$context.responseLatency","functionMs":"$context.integrationLatency","#,
    r#""functionRequestId":"$context.integration.requestId","functionStatus":"$context.integration.status","#,
    r#""error":"$context.error.message","functionError":"$context.integrationErrorMessage"}"#
);
