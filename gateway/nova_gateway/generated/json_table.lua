-- Generated from the descriptor set and the error catalogue. Do not edit.

local OPERATIONS = {
  ["nova.criteria.v1.CriteriaService.GetCriteria"] = {
    ["success"] = 200,
    ["response"] = ".nova.criteria.v1.GetCriteriaResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.criteria.v1.CriteriaService/GetCriteria",
  },
  ["nova.criteria.v1.CriteriaService.SetCriteria"] = {
    ["success"] = 200,
    ["request"] = ".nova.criteria.v1.SetCriteriaRequest",
    ["response"] = ".nova.criteria.v1.SetCriteriaResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.criteria.v1.CriteriaService/SetCriteria",
  },
  ["nova.criteria.v1.CriteriaService.ArchiveCriteria"] = {
    ["success"] = 200,
    ["response"] = ".nova.criteria.v1.ArchiveCriteriaResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.criteria.v1.CriteriaService/ArchiveCriteria",
  },
  ["nova.criteria.v1.CriteriaService.AddCriterion"] = {
    ["success"] = 201,
    ["request"] = ".nova.criteria.v1.AddCriterionRequest",
    ["response"] = ".nova.criteria.v1.AddCriterionResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.criteria.v1.CriteriaService/AddCriterion",
  },
  ["nova.criteria.v1.CriteriaService.UpdateCriterion"] = {
    ["success"] = 200,
    ["request"] = ".nova.criteria.v1.UpdateCriterionRequest",
    ["response"] = ".nova.criteria.v1.UpdateCriterionResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.criteria.v1.CriteriaService/UpdateCriterion",
  },
  ["nova.criteria.v1.CriteriaService.RemoveCriterion"] = {
    ["success"] = 200,
    ["response"] = ".nova.criteria.v1.RemoveCriterionResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.criteria.v1.CriteriaService/RemoveCriterion",
  },
  ["nova.criteria.v1.CriteriaService.ListCriteriaVersions"] = {
    ["success"] = 200,
    ["response"] = ".nova.criteria.v1.ListCriteriaVersionsResponse",
    ["query"] = {
      ["pageSize"] = {
        ["type"] = "integer",
        ["lowest"] = -2147483648,
        ["highest"] = 2147483647,
      },
      ["pageToken"] = {
        ["type"] = "string",
      },
    },
    ["grpc_path"] = "/nova.criteria.v1.CriteriaService/ListCriteriaVersions",
  },
  ["nova.criteria.v1.CriteriaService.GetCurrentCriteriaVersion"] = {
    ["success"] = 200,
    ["response"] = ".nova.criteria.v1.GetCurrentCriteriaVersionResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.criteria.v1.CriteriaService/GetCurrentCriteriaVersion",
  },
  ["nova.criteria.v1.CriteriaService.GetCriteriaVersion"] = {
    ["success"] = 200,
    ["response"] = ".nova.criteria.v1.GetCriteriaVersionResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.criteria.v1.CriteriaService/GetCriteriaVersion",
  },
  ["nova.scoring.v1.ScoringService.SubmitScoringBatch"] = {
    ["success"] = 202,
    ["request"] = ".nova.scoring.v1.SubmitScoringBatchRequest",
    ["response"] = ".nova.scoring.v1.SubmitScoringBatchResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.scoring.v1.ScoringService/SubmitScoringBatch",
  },
  ["nova.scoring.v1.ScoringService.GetScoringBatch"] = {
    ["success"] = 200,
    ["response"] = ".nova.scoring.v1.GetScoringBatchResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.scoring.v1.ScoringService/GetScoringBatch",
  },
  ["nova.scoring.v1.ScoringService.SubmitScoringJob"] = {
    ["success"] = 202,
    ["request"] = ".nova.scoring.v1.SubmitScoringJobRequest",
    ["response"] = ".nova.scoring.v1.SubmitScoringJobResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.scoring.v1.ScoringService/SubmitScoringJob",
  },
  ["nova.scoring.v1.ScoringService.GetScoringJob"] = {
    ["success"] = 200,
    ["response"] = ".nova.scoring.v1.GetScoringJobResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.scoring.v1.ScoringService/GetScoringJob",
  },
  ["nova.scoring.v1.ScoringService.GetLatestScore"] = {
    ["success"] = 200,
    ["response"] = ".nova.scoring.v1.GetLatestScoreResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.scoring.v1.ScoringService/GetLatestScore",
  },
  ["nova.webhooks.v1.WebhookService.CreateWebhookEndpoint"] = {
    ["success"] = 201,
    ["request"] = ".nova.webhooks.v1.CreateWebhookEndpointRequest",
    ["response"] = ".nova.webhooks.v1.CreateWebhookEndpointResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/CreateWebhookEndpoint",
  },
  ["nova.webhooks.v1.WebhookService.ListWebhookEndpoints"] = {
    ["success"] = 200,
    ["response"] = ".nova.webhooks.v1.ListWebhookEndpointsResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/ListWebhookEndpoints",
  },
  ["nova.webhooks.v1.WebhookService.GetWebhookEndpoint"] = {
    ["success"] = 200,
    ["response"] = ".nova.webhooks.v1.GetWebhookEndpointResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/GetWebhookEndpoint",
  },
  ["nova.webhooks.v1.WebhookService.UpdateWebhookEndpoint"] = {
    ["success"] = 200,
    ["request"] = ".nova.webhooks.v1.UpdateWebhookEndpointRequest",
    ["response"] = ".nova.webhooks.v1.UpdateWebhookEndpointResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/UpdateWebhookEndpoint",
  },
  ["nova.webhooks.v1.WebhookService.RotateWebhookSecret"] = {
    ["success"] = 201,
    ["request"] = ".nova.webhooks.v1.RotateWebhookSecretRequest",
    ["response"] = ".nova.webhooks.v1.RotateWebhookSecretResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/RotateWebhookSecret",
  },
  ["nova.webhooks.v1.WebhookService.DeleteWebhookEndpoint"] = {
    ["success"] = 200,
    ["response"] = ".nova.webhooks.v1.DeleteWebhookEndpointResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/DeleteWebhookEndpoint",
  },
  ["nova.webhooks.v1.WebhookService.SendTestWebhook"] = {
    ["success"] = 202,
    ["response"] = ".nova.webhooks.v1.SendTestWebhookResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/SendTestWebhook",
  },
  ["nova.webhooks.v1.WebhookService.ListWebhookDeliveries"] = {
    ["success"] = 200,
    ["response"] = ".nova.webhooks.v1.ListWebhookDeliveriesResponse",
    ["query"] = {
      ["status"] = {
        ["type"] = "string",
      },
      ["event"] = {
        ["type"] = "string",
      },
      ["createdAfter"] = {
        ["type"] = "string",
      },
      ["createdBefore"] = {
        ["type"] = "string",
      },
      ["pageSize"] = {
        ["type"] = "integer",
        ["lowest"] = -2147483648,
        ["highest"] = 2147483647,
      },
      ["pageToken"] = {
        ["type"] = "string",
      },
    },
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/ListWebhookDeliveries",
  },
  ["nova.webhooks.v1.WebhookService.GetWebhookDelivery"] = {
    ["success"] = 200,
    ["response"] = ".nova.webhooks.v1.GetWebhookDeliveryResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/GetWebhookDelivery",
  },
  ["nova.webhooks.v1.WebhookService.RedeliverWebhook"] = {
    ["success"] = 202,
    ["response"] = ".nova.webhooks.v1.RedeliverWebhookResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/RedeliverWebhook",
  },
  ["nova.webhooks.v1.WebhookService.RedeliverFailedWebhooks"] = {
    ["success"] = 202,
    ["request"] = ".nova.webhooks.v1.RedeliverFailedWebhooksRequest",
    ["response"] = ".nova.webhooks.v1.RedeliverFailedWebhooksResponse",
    ["query"] = {},
    ["grpc_path"] = "/nova.webhooks.v1.WebhookService/RedeliverFailedWebhooks",
  },
}

local MESSAGES = {
  [".nova.criteria.v1.SetCriteriaRequest"] = {
    ["criteria"] = {
      ["type"] = "array",
      ["element"] = {
        ["type"] = "object",
        ["message"] = ".nova.criteria.v1.CriterionText",
      },
      ["nullable"] = true,
    },
    ["path_job_id"] = {
      ["type"] = "null",
    },
  },
  [".nova.criteria.v1.AddCriterionRequest"] = {
    ["text"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["importance"] = {
      ["type"] = "enum",
      ["values"] = {
        ["MUST_HAVE"] = true,
        ["PREFERRED"] = true,
        ["NICE_TO_HAVE"] = true,
      },
      ["names"] = "MUST_HAVE, PREFERRED, NICE_TO_HAVE",
      ["nullable"] = true,
    },
    ["path_job_id"] = {
      ["type"] = "null",
    },
  },
  [".nova.criteria.v1.UpdateCriterionRequest"] = {
    ["text"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["importance"] = {
      ["type"] = "enum",
      ["values"] = {
        ["MUST_HAVE"] = true,
        ["PREFERRED"] = true,
        ["NICE_TO_HAVE"] = true,
      },
      ["names"] = "MUST_HAVE, PREFERRED, NICE_TO_HAVE",
      ["nullable"] = true,
    },
    ["path_job_id"] = {
      ["type"] = "null",
    },
    ["path_criterion_id"] = {
      ["type"] = "null",
    },
  },
  [".nova.scoring.v1.SubmitScoringBatchRequest"] = {
    ["applications"] = {
      ["type"] = "array",
      ["element"] = {
        ["type"] = "object",
        ["message"] = ".nova.scoring.v1.Application",
      },
      ["nullable"] = true,
    },
    ["jobDescription"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["jobTitle"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["companyName"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["roleKnowledge"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["path_job_id"] = {
      ["type"] = "null",
    },
  },
  [".nova.scoring.v1.SubmitScoringJobRequest"] = {
    ["resume"] = {
      ["type"] = "object",
      ["message"] = ".nova.scoring.v1.Resume",
      ["nullable"] = true,
    },
    ["jobDescription"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["jobTitle"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["companyName"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["roleKnowledge"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["applicationData"] = {
      ["type"] = "object",
      ["message"] = ".nova.scoring.v1.ApplicationData",
      ["nullable"] = true,
    },
    ["rescore"] = {
      ["type"] = "object",
      ["message"] = ".nova.scoring.v1.Rescore",
      ["nullable"] = true,
    },
    ["path_job_id"] = {
      ["type"] = "null",
    },
    ["path_application_id"] = {
      ["type"] = "null",
    },
  },
  [".nova.webhooks.v1.CreateWebhookEndpointRequest"] = {
    ["url"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["name"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["events"] = {
      ["type"] = "array",
      ["element"] = {
        ["type"] = "string",
      },
      ["nullable"] = true,
    },
    ["enabled"] = {
      ["type"] = "boolean",
      ["nullable"] = true,
    },
  },
  [".nova.webhooks.v1.UpdateWebhookEndpointRequest"] = {
    ["url"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["name"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["events"] = {
      ["type"] = "array",
      ["element"] = {
        ["type"] = "string",
      },
      ["nullable"] = true,
    },
    ["enabled"] = {
      ["type"] = "boolean",
      ["nullable"] = true,
    },
    ["path_webhook_endpoint_id"] = {
      ["type"] = "null",
    },
  },
  [".nova.webhooks.v1.RotateWebhookSecretRequest"] = {
    ["overlapSeconds"] = {
      ["type"] = "integer",
      ["lowest"] = -2147483648,
      ["highest"] = 2147483647,
      ["nullable"] = true,
    },
    ["path_webhook_endpoint_id"] = {
      ["type"] = "null",
    },
  },
  [".nova.webhooks.v1.RedeliverFailedWebhooksRequest"] = {
    ["since"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["path_webhook_endpoint_id"] = {
      ["type"] = "null",
    },
  },
  [".nova.criteria.v1.CriterionText"] = {
    ["text"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["importance"] = {
      ["type"] = "enum",
      ["values"] = {
        ["MUST_HAVE"] = true,
        ["PREFERRED"] = true,
        ["NICE_TO_HAVE"] = true,
      },
      ["names"] = "MUST_HAVE, PREFERRED, NICE_TO_HAVE",
      ["nullable"] = true,
    },
  },
  [".nova.scoring.v1.Application"] = {
    ["applicationId"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["resume"] = {
      ["type"] = "object",
      ["message"] = ".nova.scoring.v1.Resume",
      ["nullable"] = true,
    },
    ["applicationData"] = {
      ["type"] = "object",
      ["message"] = ".nova.scoring.v1.ApplicationData",
      ["nullable"] = true,
    },
  },
  [".nova.scoring.v1.Resume"] = {
    ["type"] = {
      ["type"] = "enum",
      ["values"] = {
        ["url"] = true,
        ["text"] = true,
      },
      ["names"] = "url, text",
      ["nullable"] = true,
    },
    ["url"] = {
      ["type"] = "string",
      ["nullable"] = true,
      ["oneof"] = "oneof source",
    },
    ["content"] = {
      ["type"] = "string",
      ["nullable"] = true,
      ["oneof"] = "oneof source",
    },
  },
  [".nova.scoring.v1.ApplicationData"] = {
    ["applicationAnswers"] = {
      ["type"] = "array",
      ["element"] = {
        ["type"] = "object",
        ["message"] = ".nova.scoring.v1.ApplicationAnswer",
      },
      ["nullable"] = true,
    },
    ["context"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
  },
  [".nova.scoring.v1.Rescore"] = {
    ["enabled"] = {
      ["type"] = "boolean",
      ["nullable"] = true,
    },
    ["criteriaVersionId"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
  },
  [".nova.scoring.v1.ApplicationAnswer"] = {
    ["question"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
    ["answer"] = {
      ["type"] = "string",
      ["nullable"] = true,
    },
  },
}

local REQUIRED_KEYS = {
  [".nova.criteria.v1.SetCriteriaRequest"] = {
    "criteria",
  },
}

local SHAPES = {
  [".nova.criteria.v1.GetCriteriaResponse"] = {
    {
      ["key"] = "\"criteria\":",
      ["message"] = ".nova.criteria.v1.Criterion",
    },
  },
  [".nova.criteria.v1.SetCriteriaResponse"] = {
    {
      ["key"] = "\"criteria\":",
      ["message"] = ".nova.criteria.v1.Criterion",
    },
  },
  [".nova.criteria.v1.ArchiveCriteriaResponse"] = {
    {
      ["key"] = "\"success\":",
    },
  },
  [".nova.criteria.v1.AddCriterionResponse"] = {
    {
      ["key"] = "\"criterion\":",
      ["message"] = ".nova.criteria.v1.Criterion",
    },
    {
      ["key"] = "\"criteria\":",
      ["message"] = ".nova.criteria.v1.Criterion",
    },
  },
  [".nova.criteria.v1.UpdateCriterionResponse"] = {
    {
      ["key"] = "\"criterion\":",
      ["message"] = ".nova.criteria.v1.Criterion",
    },
    {
      ["key"] = "\"criteria\":",
      ["message"] = ".nova.criteria.v1.Criterion",
    },
  },
  [".nova.criteria.v1.RemoveCriterionResponse"] = {
    {
      ["key"] = "\"success\":",
    },
  },
  [".nova.criteria.v1.ListCriteriaVersionsResponse"] = {
    {
      ["key"] = "\"versions\":",
      ["message"] = ".nova.criteria.v1.CriteriaVersion",
    },
    {
      ["key"] = "\"nextPageToken\":",
      ["nullable"] = true,
    },
  },
  [".nova.criteria.v1.GetCurrentCriteriaVersionResponse"] = {
    {
      ["key"] = "\"version\":",
      ["message"] = ".nova.criteria.v1.CriteriaVersion",
    },
    {
      ["key"] = "\"criteriaRevision\":",
    },
    {
      ["key"] = "\"criteria\":",
      ["message"] = ".nova.criteria.v1.Criterion",
    },
  },
  [".nova.criteria.v1.GetCriteriaVersionResponse"] = {
    {
      ["key"] = "\"version\":",
      ["message"] = ".nova.criteria.v1.CriteriaVersion",
    },
    {
      ["key"] = "\"criteria\":",
      ["message"] = ".nova.criteria.v1.Criterion",
    },
  },
  [".nova.scoring.v1.SubmitScoringBatchResponse"] = {
    {
      ["key"] = "\"batch\":",
      ["message"] = ".nova.scoring.v1.ScoringBatch",
    },
    {
      ["key"] = "\"scoringJobIds\":",
    },
  },
  [".nova.scoring.v1.GetScoringBatchResponse"] = {
    {
      ["key"] = "\"batch\":",
      ["message"] = ".nova.scoring.v1.ScoringBatch",
    },
    {
      ["key"] = "\"scoringJobs\":",
      ["message"] = ".nova.scoring.v1.ScoringJob",
    },
  },
  [".nova.scoring.v1.SubmitScoringJobResponse"] = {
    {
      ["key"] = "\"scoringJob\":",
      ["message"] = ".nova.scoring.v1.ScoringJob",
    },
  },
  [".nova.scoring.v1.GetScoringJobResponse"] = {
    {
      ["key"] = "\"scoringJob\":",
      ["message"] = ".nova.scoring.v1.ScoringJob",
    },
  },
  [".nova.scoring.v1.GetLatestScoreResponse"] = {
    {
      ["key"] = "\"scoringJob\":",
      ["message"] = ".nova.scoring.v1.ScoringJob",
    },
  },
  [".nova.webhooks.v1.CreateWebhookEndpointResponse"] = {
    {
      ["key"] = "\"webhookEndpoint\":",
      ["message"] = ".nova.webhooks.v1.WebhookEndpoint",
    },
    {
      ["key"] = "\"secret\":",
    },
  },
  [".nova.webhooks.v1.ListWebhookEndpointsResponse"] = {
    {
      ["key"] = "\"webhookEndpoints\":",
      ["message"] = ".nova.webhooks.v1.WebhookEndpoint",
    },
  },
  [".nova.webhooks.v1.GetWebhookEndpointResponse"] = {
    {
      ["key"] = "\"webhookEndpoint\":",
      ["message"] = ".nova.webhooks.v1.WebhookEndpoint",
    },
  },
  [".nova.webhooks.v1.UpdateWebhookEndpointResponse"] = {
    {
      ["key"] = "\"webhookEndpoint\":",
      ["message"] = ".nova.webhooks.v1.WebhookEndpoint",
    },
  },
  [".nova.webhooks.v1.RotateWebhookSecretResponse"] = {
    {
      ["key"] = "\"webhookEndpoint\":",
      ["message"] = ".nova.webhooks.v1.WebhookEndpoint",
    },
    {
      ["key"] = "\"secret\":",
    },
  },
  [".nova.webhooks.v1.DeleteWebhookEndpointResponse"] = {
    {
      ["key"] = "\"webhookEndpoint\":",
      ["message"] = ".nova.webhooks.v1.WebhookEndpoint",
    },
  },
  [".nova.webhooks.v1.SendTestWebhookResponse"] = {
    {
      ["key"] = "\"webhookDelivery\":",
      ["message"] = ".nova.webhooks.v1.WebhookDelivery",
    },
  },
  [".nova.webhooks.v1.ListWebhookDeliveriesResponse"] = {
    {
      ["key"] = "\"webhookDeliveries\":",
      ["message"] = ".nova.webhooks.v1.WebhookDelivery",
    },
    {
      ["key"] = "\"nextPageToken\":",
      ["nullable"] = true,
    },
  },
  [".nova.webhooks.v1.GetWebhookDeliveryResponse"] = {
    {
      ["key"] = "\"webhookDelivery\":",
      ["message"] = ".nova.webhooks.v1.WebhookDelivery",
    },
    {
      ["key"] = "\"payload\":",
    },
    {
      ["key"] = "\"attempts\":",
      ["message"] = ".nova.webhooks.v1.WebhookAttempt",
    },
  },
  [".nova.webhooks.v1.RedeliverWebhookResponse"] = {
    {
      ["key"] = "\"webhookDelivery\":",
      ["message"] = ".nova.webhooks.v1.WebhookDelivery",
    },
  },
  [".nova.webhooks.v1.RedeliverFailedWebhooksResponse"] = {
    {
      ["key"] = "\"redelivered\":",
    },
  },
  [".nova.criteria.v1.Criterion"] = {
    {
      ["key"] = "\"id\":",
    },
    {
      ["key"] = "\"text\":",
    },
    {
      ["key"] = "\"importance\":",
    },
    {
      ["key"] = "\"order\":",
    },
    {
      ["key"] = "\"createdAt\":",
    },
  },
  [".nova.criteria.v1.CriteriaVersion"] = {
    {
      ["key"] = "\"id\":",
    },
    {
      ["key"] = "\"version\":",
    },
    {
      ["key"] = "\"status\":",
    },
    {
      ["key"] = "\"createdAt\":",
    },
    {
      ["key"] = "\"archivedAt\":",
      ["nullable"] = true,
    },
  },
  [".nova.scoring.v1.ScoringBatch"] = {
    {
      ["key"] = "\"id\":",
    },
    {
      ["key"] = "\"jobId\":",
    },
    {
      ["key"] = "\"status\":",
    },
    {
      ["key"] = "\"totalJobs\":",
    },
    {
      ["key"] = "\"completedJobs\":",
    },
    {
      ["key"] = "\"failedJobs\":",
    },
    {
      ["key"] = "\"createdAt\":",
    },
    {
      ["key"] = "\"completedAt\":",
      ["nullable"] = true,
    },
  },
  [".nova.scoring.v1.ScoringJob"] = {
    {
      ["key"] = "\"id\":",
    },
    {
      ["key"] = "\"criteriaVersionId\":",
    },
    {
      ["key"] = "\"jobId\":",
    },
    {
      ["key"] = "\"applicationId\":",
    },
    {
      ["key"] = "\"status\":",
    },
    {
      ["key"] = "\"isRescore\":",
    },
    {
      ["key"] = "\"score\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"assessment\":",
      ["nullable"] = true,
      ["message"] = ".nova.scoring.v1.Assessment",
    },
    {
      ["key"] = "\"errorCode\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"errorMessage\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"queuedAt\":",
    },
    {
      ["key"] = "\"startedAt\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"completedAt\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"failedAt\":",
      ["nullable"] = true,
    },
  },
  [".nova.webhooks.v1.WebhookEndpoint"] = {
    {
      ["key"] = "\"id\":",
    },
    {
      ["key"] = "\"url\":",
    },
    {
      ["key"] = "\"name\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"events\":",
    },
    {
      ["key"] = "\"enabled\":",
    },
    {
      ["key"] = "\"failingSince\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"previousSecretExpiresAt\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"createdAt\":",
    },
    {
      ["key"] = "\"updatedAt\":",
    },
  },
  [".nova.webhooks.v1.WebhookDelivery"] = {
    {
      ["key"] = "\"id\":",
    },
    {
      ["key"] = "\"webhookEndpointId\":",
    },
    {
      ["key"] = "\"event\":",
    },
    {
      ["key"] = "\"tenantId\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"status\":",
    },
    {
      ["key"] = "\"attempts\":",
    },
    {
      ["key"] = "\"createdAt\":",
    },
    {
      ["key"] = "\"nextAttemptAt\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"finishedAt\":",
      ["nullable"] = true,
    },
  },
  [".nova.webhooks.v1.WebhookAttempt"] = {
    {
      ["key"] = "\"number\":",
    },
    {
      ["key"] = "\"startedAt\":",
    },
    {
      ["key"] = "\"durationMs\":",
    },
    {
      ["key"] = "\"httpStatus\":",
      ["nullable"] = true,
    },
    {
      ["key"] = "\"failureReason\":",
      ["nullable"] = true,
    },
  },
  [".nova.scoring.v1.Assessment"] = {
    {
      ["key"] = "\"verdict\":",
    },
    {
      ["key"] = "\"strengths\":",
    },
    {
      ["key"] = "\"concerns\":",
    },
    {
      ["key"] = "\"interviewFocus\":",
    },
  },
}

local PROBLEMS = {
  ["UNAUTHORIZED"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#unauthorized",
    ["status"] = 401,
    ["message"] = "\"Invalid or missing API key.\"",
    ["retryable"] = "false",
  },
  ["FORBIDDEN"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#forbidden",
    ["status"] = 403,
    ["message"] = "\"This API key may not do this.\"",
    ["retryable"] = "false",
  },
  ["VALIDATION_ERROR"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#validation-error",
    ["status"] = 400,
    ["message"] = "\"Request validation failed.\"",
    ["retryable"] = "false",
  },
  ["PAYLOAD_TOO_LARGE"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#payload-too-large",
    ["status"] = 413,
    ["message"] = "\"The request body is too large.\"",
    ["retryable"] = "false",
  },
  ["NOT_FOUND"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#not-found",
    ["status"] = 404,
    ["message"] = "\"There is no such route.\"",
    ["retryable"] = "false",
  },
  ["BATCH_NOT_FOUND"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#batch-not-found",
    ["status"] = 404,
    ["message"] = "\"There is no such scoring batch.\"",
    ["retryable"] = "false",
  },
  ["SCORING_JOB_NOT_FOUND"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#scoring-job-not-found",
    ["status"] = 404,
    ["message"] = "\"There is no such scoring job.\"",
    ["retryable"] = "false",
  },
  ["APPLICATION_NOT_FOUND"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#application-not-found",
    ["status"] = 404,
    ["message"] = "\"There is no such application.\"",
    ["retryable"] = "false",
  },
  ["CRITERIA_VERSION_NOT_FOUND"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#criteria-version-not-found",
    ["status"] = 404,
    ["message"] = "\"There is no such version.\"",
    ["retryable"] = "false",
  },
  ["CRITERIA_NOT_FOUND"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#criteria-not-found",
    ["status"] = 404,
    ["message"] = "\"The job has no criteria.\"",
    ["retryable"] = "false",
  },
  ["CRITERION_NOT_FOUND"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#criterion-not-found",
    ["status"] = 404,
    ["message"] = "\"There is no such criterion.\"",
    ["retryable"] = "false",
  },
  ["CRITERIA_REVISION_MISMATCH"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#criteria-revision-mismatch",
    ["status"] = 412,
    ["message"] = "\"The criteria were changed in the meantime.\"",
    ["retryable"] = "false",
  },
  ["CRITERIA_LIMIT_REACHED"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#criteria-limit-reached",
    ["status"] = 409,
    ["message"] = "\"The job has 100 criteria already, as many as it may have.\"",
    ["retryable"] = "false",
  },
  ["IDEMPOTENCY_REQUEST_IN_PROGRESS"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#idempotency-request-in-progress",
    ["status"] = 409,
    ["message"] = "\"The first call with this Idempotency-Key is still running.\"",
    ["retryable"] = "true",
  },
  ["IDEMPOTENCY_KEY_REUSED"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#idempotency-key-reused",
    ["status"] = 422,
    ["message"] = "\"This Idempotency-Key was used for another call.\"",
    ["retryable"] = "false",
  },
  ["WEBHOOK_ENDPOINT_NOT_FOUND"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#webhook-endpoint-not-found",
    ["status"] = 404,
    ["message"] = "\"There is no such webhook endpoint.\"",
    ["retryable"] = "false",
  },
  ["WEBHOOK_DELIVERY_NOT_FOUND"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#webhook-delivery-not-found",
    ["status"] = 404,
    ["message"] = "\"There is no such webhook delivery.\"",
    ["retryable"] = "false",
  },
  ["WEBHOOK_ENDPOINT_LIMIT_REACHED"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#webhook-endpoint-limit-reached",
    ["status"] = 409,
    ["message"] = "\"There are 5 webhook endpoints already, as many as an environment may have.\"",
    ["retryable"] = "false",
  },
  ["WEBHOOK_ENDPOINT_DISABLED"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#webhook-endpoint-disabled",
    ["status"] = 409,
    ["message"] = "\"The webhook endpoint is disabled.\"",
    ["retryable"] = "false",
  },
  ["RATE_LIMITED"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#rate-limited",
    ["status"] = 429,
    ["message"] = "\"Rate limit exceeded.\"",
    ["retryable"] = "true",
  },
  ["INTERNAL_ERROR"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#internal-error",
    ["status"] = 500,
    ["message"] = "\"Something went wrong.\"",
    ["retryable"] = "true",
  },
  ["SERVICE_UNAVAILABLE"] = {
    ["type"] = "https://docs.nova.dweet.com/embed-api/errors#service-unavailable",
    ["status"] = 503,
    ["message"] = "\"The service cannot take the request now. Try again shortly.\"",
    ["retryable"] = "true",
  },
}

local DEFAULT_CODES = {
  ["1"] = "SERVICE_UNAVAILABLE",
  ["3"] = "VALIDATION_ERROR",
  ["4"] = "SERVICE_UNAVAILABLE",
  ["5"] = "BATCH_NOT_FOUND",
  ["7"] = "FORBIDDEN",
  ["8"] = "PAYLOAD_TOO_LARGE",
  ["9"] = "CRITERIA_REVISION_MISMATCH",
  ["10"] = "IDEMPOTENCY_REQUEST_IN_PROGRESS",
  ["12"] = "NOT_FOUND",
  ["13"] = "INTERNAL_ERROR",
  ["14"] = "SERVICE_UNAVAILABLE",
  ["16"] = "UNAUTHORIZED",
}

local TOLD_TRAILERS = {
  ["idempotent-replayed"] = true,
}
