/**
 * Tools as servers list them, each judged by a person before anything was measured: `A` may change something outside the
 * agent's head, `R` only reads. Names and the beginning of descriptions of public MCP servers, of agents' own tools and
 * of the benchmarks that `test/traces` names.
 */
export interface JudgedTool {
  acts: boolean;
  name: string;
  description: string;
}

const TEXT = `
A slack_post_message: Post a new message to a Slack channel
A slack_reply_to_thread: Reply to a specific message thread in Slack
A slack_add_reaction: Add a reaction emoji to a message
R slack_list_channels: List public channels in the workspace
R slack_get_channel_history: Get recent messages from a channel
R slack_get_thread_replies: Get all replies in a message thread
R slack_get_users: Get a list of all users in the workspace
R slack_get_user_profile: Get detailed profile information for a specific user
R channels_list: Get list of channels
R conversations_history: Get messages from the channel
R conversations_replies: Get a thread of messages posted to a conversation
A conversations_add_message: Add a message to a public channel or direct message
R conversations_search_messages: Search messages using filters
A mcp__github__create_issue: Create a new issue
R mcp__github__list_issues: List issues in a repository
R get_file_contents: Get the contents of a file or directory from a repository
A create_or_update_file: Create or update a single file in a repository
A push_files: Push multiple files to a repository in a single commit
A create_repository: Create a new repository in your account
A fork_repository: Fork a repository to your account
A create_branch: Create a new branch in a repository
A create_pull_request: Create a new pull request
A merge_pull_request: Merge a pull request
R pull_request_read: Get information on a specific pull request
A pull_request_review_write: Create, submit or delete a review of a pull request
A update_pull_request_branch: Update the branch of a pull request with the latest changes
A add_comment_to_pending_review: Add a review comment to the latest pending review
A add_issue_comment: Add a comment to an issue
R issue_read: Get information about a specific issue
A issue_write: Create a new or update an existing issue
A sub_issue_write: Add a sub-issue to a parent issue
R search_code: Fast and precise code search across all repositories
R search_repositories: Find repositories by name, description or topics
R search_users: Find users by username or name
R list_commits: Get list of commits of a branch
R get_commit: Get details for a commit
R list_tags: List git tags in a repository
R get_latest_release: Get the latest release in a repository
R get_me: Get details of the authenticated user
R get_team_members: Get member usernames of a team
A assign_copilot_to_issue: Assign Copilot to a specific issue
A request_copilot_review: Request an automated review for a pull request
A run_workflow: Run an Actions workflow by ID
A rerun_failed_jobs: Re-run only the failed jobs in a workflow run
A cancel_workflow_run: Cancel a workflow run
A delete_workflow_run_logs: Delete logs for a workflow run
R get_job_logs: Download logs for a workflow job
R download_workflow_run_artifact: Get download URL for a workflow run artifact
R list_workflow_runs: List workflow runs for a workflow
R get_workflow_run_usage: Get usage metrics for a workflow run
R list_code_scanning_alerts: List code scanning alerts in a repository
R get_secret_scanning_alert: Get details of a specific secret scanning alert
R list_notifications: Lists all notifications for the user
A mark_all_notifications_read: Mark all notifications as read
A dismiss_notification: Dismiss a notification by marking it as read or done
A manage_notification_subscription: Manage a notification subscription
A star_repository: Star a repository
A unstar_repository: Unstar a repository
R list_starred_repositories: List starred repositories
A create_gist: Create a new gist
A update_gist: Update an existing gist
R list_gists: List gists for a user
R list_discussions: List discussions for a repository
R get_discussion_comments: Get comments from a discussion
R projects_list: Tools for listing projects resources
R projects_get: Get details about specific projects resources
A projects_write: Add, update, or delete project items
A label_write: Perform write operations on repository labels
R get_label: Get a specific label from a repository
A actions_run_trigger: Trigger workflow operations, including running, re-running and cancelling
R actions_list: Tools for listing workflow resources
A lock_issue: Lock the conversation of an issue
A transfer_issue: Transfer an issue to another repository
A enable_toolset: Enable one of the sets of tools the server provides
R list_available_toolsets: List all available toolsets this server can offer
A browser_click: Perform click on a web page
A browser_close: Close the page
R browser_console_messages: Returns all console messages
A browser_drag: Perform drag and drop between two elements
A browser_evaluate: Evaluate JavaScript expression on page or element
A browser_file_upload: Upload one or multiple files
A browser_fill_form: Fill multiple form fields
A browser_handle_dialog: Handle a dialog
R browser_hover: Hover over element on page
R browser_network_requests: Returns all network requests since loading the page
A browser_press_key: Press a key on the keyboard
A browser_resize: Resize the browser window
A browser_run_code: Run a code snippet
A browser_select_option: Select an option in a dropdown
R browser_snapshot: Capture accessibility snapshot of the current page
R browser_take_screenshot: Take a screenshot of the current page
A browser_type: Type text into editable element
R browser_wait_for: Wait for text to appear or disappear or a specified time to pass
A browser_install: Install the browser specified in the config
A browser_pdf_save: Save page as PDF
A puppeteer_click: Click an element on the page
A puppeteer_fill: Fill out an input field
R puppeteer_screenshot: Take a screenshot of the current page or a specific element
A puppeteer_evaluate: Execute JavaScript in the browser console
R API-get-user: Retrieve a user
R API-get-users: List all users
R API-post-database-query: Query a database
R API-post-search: Search by title
R API-get-block-children: Retrieve block children
A API-patch-block-children: Append block children
A API-delete-a-block: Delete a block
A API-patch-page: Update page properties
A API-post-page: Create a page
A API-create-a-comment: Create comment
R API-retrieve-a-comment: Retrieve comments
R notion-search: Perform a search over your workspace
R notion-fetch: Retrieves details about an entity by its URL
A notion-create-pages: Creates one or more pages with specified properties and content
A notion-update-page: Update a page's properties or content
A notion-move-pages: Move one or more pages to a new parent
A notion-duplicate-page: Duplicate a page
A notion-create-comment: Add a comment to a page
R notion-get-comments: Get all comments of a page
R create_nothing_preview: Previews what would be created
A create_customer: Create a customer
R list_customers: Fetch a list of customers
A create_product: Create a product
A create_price: Create a price for a product
A create_payment_link: Create a payment link
A create_invoice: Create an invoice
A finalize_invoice: Finalize a draft invoice
A create_refund: Refund a payment intent
R retrieve_balance: Retrieve the balance of the account
A cancel_subscription: Cancel a subscription
R list_subscriptions: List all subscriptions
A update_dispute: Update a dispute
R search_stripe_documentation: Search the documentation for the given question
R kubectl_get: Get or list resources by resource type, name, and optionally namespace
R kubectl_describe: Describe resources by resource type and name
A kubectl_create: Create resources using various methods
A kubectl_apply: Apply a YAML manifest
A kubectl_delete: Delete resources by resource type, name, labels, or from a manifest file
R kubectl_logs: Get logs from resources like pods, deployments, or jobs
A kubectl_scale: Scale a deployment
A kubectl_patch: Update fields of a resource using strategic merge patch
A kubectl_rollout: Manage the rollout of a resource
A exec_in_pod: Execute a command in a pod or container and return the output
A install_helm_chart: Install a Helm chart
A uninstall_helm_chart: Uninstall a Helm release
A upgrade_helm_chart: Upgrade a Helm release
R list_api_resources: List the API resources available in the cluster
R explain_resource: Get documentation for a resource or field
R pods_list: List all the pods in the current cluster from all namespaces
R pods_get: Get a pod in the current or provided namespace
R pods_log: Get the logs of a pod
A pods_exec: Execute a command in a pod
A pods_run: Run a pod with the provided container image
A pods_delete: Delete a pod
R pods_top: List the resource consumption of pods
A resources_create_or_update: Create or update a resource by providing a YAML or JSON representation
R namespaces_list: List all the namespaces in the current cluster
R configuration_view: Get the current kubeconfig content as YAML
R events_list: List all the events in the current cluster
A node_management: Manage nodes with cordon, drain, and uncordon operations
R jira_get_issue: Get details of a specific issue
R jira_search: Search issues using JQL
A jira_create_issue: Create a new issue
A jira_update_issue: Update an existing issue
A jira_transition_issue: Transition an issue to a new status
A jira_add_comment: Add a comment to an issue
A jira_add_worklog: Add a worklog entry to an issue
A jira_link_to_epic: Link an existing issue to an epic
A jira_create_issue_link: Create a link between two issues
A jira_remove_issue_link: Remove a link between two issues
R jira_get_transitions: Get available status transitions for an issue
R jira_download_attachments: Download attachments from an issue
A jira_batch_create_issues: Create multiple issues in a batch
A jira_delete_issue: Delete an existing issue
R confluence_search: Search content using simple terms or CQL
R confluence_get_page: Get content of a specific page by its ID
A confluence_create_page: Create a new page
A confluence_update_page: Update an existing page
A confluence_delete_page: Delete an existing page
A confluence_add_label: Add label to an existing page
R lookupJiraAccountId: Lookup account ids of existing users
R atlassianUserInfo: Get current user info
R getAccessibleAtlassianResources: Get cloudid to construct API calls
A addCommentToJiraIssue: Adds a comment to an existing issue
A editJiraIssue: Update the details of an existing issue
A createJiraIssue: Create a new issue in a given project
A transitionJiraIssue: Transition an existing issue to a new status
R getTransitionsForJiraIssue: Get available transitions for an existing issue
R searchConfluenceUsingCql: Search content with a query
R whoami: Identify the authenticated user
R find_organizations: Find organizations that the user has access to
R get_issue_details: Get detailed information about a specific issue by ID
R get_trace_details: Get detailed information about a specific trace
A update_project: Update project settings
A create_team: Create a new team
A create_dsn: Create an additional key for an existing project
R find_dsns: List all keys for a specific project
R search_events: Search for events and perform counts and aggregations
R analyze_issue_with_seer: Analyze production errors and get recommendations
A execute_sql: Executes raw SQL in the Postgres database
A apply_migration: Applies a migration to the database
R list_migrations: Lists all migrations in the database
R list_extensions: Lists all extensions in the database
R get_logs: Gets logs for a project by service type
A deploy_edge_function: Deploys an Edge Function to a project
A merge_branch: Merges migrations and edge functions from a development branch to production
A reset_branch: Resets migrations of a development branch
A rebase_branch: Rebases a development branch on production
A pause_project: Pauses a project
A restore_project: Restores a project
R get_cost: Gets the cost of creating a new project or branch
R get_anon_key: Gets the anonymous API key for a project
R get_advisors: Gets a list of advisory notices for the project
R search_docs: Search the documentation
R search_gmail_messages: Searches messages in a Gmail account based on a query
R get_gmail_message_content: Retrieves the full content of a specific message
R get_gmail_messages_content_batch: Retrieves the content of multiple messages in a single batch
A send_gmail_message: Sends an email using the user's account
A draft_gmail_message: Creates a draft email in the user's account
R list_gmail_labels: Lists all labels in the user's account
A manage_gmail_label: Manages labels: create, update, or delete
A modify_gmail_message_labels: Adds or removes labels from a message
R list_calendars: Retrieves a list of calendars accessible to the user
R get_events: Retrieves a list of events from a calendar
A create_event: Creates a new event
A modify_event: Modifies an existing event
A delete_event: Deletes an existing event
R search_drive_files: Searches for files and folders within Drive
R get_drive_file_content: Retrieves the content of a specific Drive file by ID
A create_drive_file: Creates a new file in Drive
R inspect_doc_structure: Essential tool for finding safe insertion points in a document
A batch_update_doc: Executes multiple document operations in a single atomic batch update
A modify_sheet_values: Modifies values in a specific range of a sheet
R read_sheet_values: Reads values from a specific range in a sheet
A format_sheet_range: Applies formatting to a range
A clear_sheet_values: Clears the values of a range
A send_message: Sends a message to a space
R get_messages: Retrieves messages from a space
A start_google_auth: Initiates an OAuth flow
R freebusy_query: Query free or busy information for calendars
A respond_to_event: Respond to an event invitation
A accept_invitation: Accept a calendar invitation
R get_config: Get the complete server configuration as JSON
A set_config_value: Set a specific configuration value by key
A edit_block: Apply surgical edits to files
R read_process_output: Read output from a running process
A force_terminate: Force terminate a running terminal session
R list_sessions: List all active terminal sessions
R list_processes: List all running processes
A kill_process: Terminate a running process by PID
R get_usage_stats: Get usage statistics for debugging and analysis
A stop_search: Stop an active search
A execute_command: Execute a terminal command with timeout
R read_output: Read new output from a running terminal session
A run_terminal_cmd: Propose a command to run on behalf of the user
R codebase_search: Find snippets of code from the codebase most relevant to the query
R grep_search: Fast text-based regex search
R file_search: Fast file search based on fuzzy matching
R list_dir: List the contents of a directory
A search_replace: Propose a search and replace operation on an existing file
A str_replace_editor: Custom editing tool for viewing, creating and editing files
A apply_patch: Apply a patch to files
A todo_write: Create and manage a structured task list
R todo_read: Read the current to-do list
A NotebookEdit: Completely replaces the contents of a specific cell in a notebook
R Glob: Fast file pattern matching tool
A MultiEdit: Make multiple edits to a single file in one operation
R BashOutput: Retrieves output from a running or completed background shell
A KillShell: Kills a running background shell by its ID
R firecrawl_scrape: Scrape content from a single URL with advanced options
R firecrawl_map: Map a website to discover all indexed URLs on the site
A firecrawl_crawl: Starts a crawl job on a website and extracts content from all pages
R firecrawl_check_crawl_status: Check the status of a crawl job
R firecrawl_search: Search the web and optionally extract content from search results
R firecrawl_extract: Extract structured information from web pages
R tavily-search: A powerful web search tool that provides comprehensive results
R tavily-extract: A powerful web content extraction tool
R brave_web_search: Performs a web search
R brave_local_search: Searches for local businesses and places
R web_search_exa: Search the web and returns results
R crawling_exa: Extract and crawl content from specific URLs
R company_research_exa: Comprehensive company research tool
R perplexity_ask: Engages in a conversation using the Sonar API
R perplexity_research: Performs deep research
R resolve-library-id: Resolves a package or product name to a library ID and returns matching libraries
R get-library-docs: Fetches up-to-date documentation for a library
R sequentialthinking: A detailed tool for dynamic and reflective problem-solving through thoughts
R maps_geocode: Convert an address into geographic coordinates
R maps_reverse_geocode: Convert coordinates into an address
R maps_search_places: Search for places
R maps_directions: Get directions between two points
R maps_distance_matrix: Calculate travel distance and time for multiple origins and destinations
R maps_elevation: Get elevation data for locations on the earth
R get_forecast: Get weather forecast for a location
R get_alerts: Get weather alerts for a state
R current_weather: Returns the current weather for a city
A mongodb_insert_many: Insert an array of documents into a collection
A insert-many: Insert an array of documents into a collection
A update-many: Updates all documents that match the specified filter
A delete-many: Removes all documents that match the filter
A drop-collection: Removes a collection or view from the database
A drop-database: Removes the specified database, deleting the associated data files
R find: Run a find query against a collection
R aggregate: Run an aggregation against a collection
R count: Gets the number of documents in a collection
R collection-schema: Describe the schema for a collection
R collection-indexes: Describe the indexes for a collection
R db-stats: Returns statistics that reflect the use state of a single database
R explain: Returns statistics describing the execution of the winning plan
R list-databases: List all databases
A create-index: Create an index for a collection
A rename-collection: Renames a collection
A connect: Connect to an instance
R export: Export a collection's query results as JSON
R redis_get: Get a string value
A redis_set: Set a string value with an optional expiration time
A redis_del: Delete a key
R hgetall: Get all fields and values from a hash
A hset: Set a field in a hash stored at key with an optional expiration time
A lpush: Push a value onto the left of a list
R scan_keys: Scan keys matching a pattern
R client_list: Get a list of connected clients
A postgres_execute: Execute a statement that changes data
R query: Run a read-only SQL query
R describe_object: Show detailed information about a database object
R analyze_db_health: Analyzes database health
R explain_query: Explains the execution plan for a query
R get_top_queries: Reports the slowest queries
A s3_put_object: Upload an object to a bucket
R s3_get_object: Get an object from a bucket
R s3_list_buckets: List all buckets
A call_aws: Execute AWS CLI commands with validation and proper error handling
R suggest_aws_commands: Suggest commands based on a natural language query
R read_documentation: Fetch and convert a documentation page to markdown
R search_documentation: Search the documentation
R recommend: Get content recommendations for a documentation page
A invoke_lambda: Invoke a function
A terminate_instance: Terminate a compute instance
A start_instance: Start a stopped instance
A stop_instance: Stop a running instance
A reboot_instance: Reboot an instance
A attach_volume: Attach a volume to an instance
A rotate_secret: Rotate a secret
R get_secret_value: Retrieve the value of a secret
A put_secret_value: Store a new value of a secret
R list_iam_users: List users
A attach_user_policy: Attach a managed policy to a user
A create_access_key: Create a new access key for a user
R simulate_principal_policy: Simulate policy evaluation for a principal
R terraform_plan_show: Show a plan
A terraform_apply: Apply the plan
A terraform_destroy: Destroy the infrastructure
R tf_validate: Validates the configuration
A docker_run: Run a container
R docker_ps: Lists containers
R docker_logs: Fetch logs of a container
A docker_stop: Stop a container
A docker_rm: Remove a container
A build_image: Build an image from a Dockerfile
A push_image: Push an image to a registry
A pull_image: Pull an image from a registry
R inspect_container: Inspect a container
R list_containers: List all containers
A create-container: Create a new standalone container
A deploy-compose: Deploy a compose stack
R get-logs: Retrieve the latest logs for a specified container
A playMusic: Start playing a track, album, artist, or playlist
A pausePlayback: Pause playback on the active device
A skipToNext: Skip to the next track in the current queue
A addTracksToPlaylist: Add tracks to a playlist
R getNowPlaying: Get information about the currently playing track
R searchSpotify: Search for tracks, albums, artists, or playlists
A createPlaylist: Create a new playlist
A addToQueue: Adds a track to the playback queue
A HassTurnOn: Turns on a device or entity
A HassTurnOff: Turns off a device or entity
A HassLightSet: Sets the brightness or color of a light
R GetLiveContext: Provides real-time information about the state of devices
R get_entity: Get the state of an entity
A entity_action: Perform an action on an entity (on, off, toggle)
A call_service: Call any service
A restart_ha: Restart the home server
A set_temperature: Set the target temperature of a thermostat
A lock_door: Lock the front door
A unlock_door: Unlock the front door
R get_door_state: Whether the door is open
A store_memory: Store a new memory with content and optional metadata
R retrieve_memory: Retrieve memories by semantic similarity
R recall_memory: Retrieve memories using natural language time expressions
A forget_memory: Forget a memory by its id
A remember: Keep a fact for later
R search_nodes: Search for nodes in the knowledge graph based on a query
A qdrant-store: Keep the memory for later use
R qdrant-find: Look up memories
A linear_create_issue: Create an issue
R linear_search_issues: Search issues with a query
R linear_get_user_issues: Get issues assigned to a user
A linear_add_comment: Add a comment to an issue
A asana_create_task: Create a new task in a project
R asana_search_tasks: Search tasks in a workspace
A asana_set_parent_for_task: Set the parent of a task and position it within the subtasks
A trello_move_card: Move a card to another list
A trello_archive_card: Archive a card
R trello_get_lists: Retrieve all lists of the board
A todoist_complete_task: Mark a task as complete
R todoist_get_tasks: Get tasks
A hubspot_create_contact: Create a contact
R hubspot_get_company: Get a company
A hubspot_batch_update_objects: Update multiple objects
R salesforce_search_objects: Search for objects
R salesforce_query_records: Query records with relationships
A salesforce_dml_records: Insert, update, delete, or upsert records
R salesforce_describe_object: Get detailed schema metadata of an object
A salesforce_execute_anonymous: Execute anonymous Apex code
A zendesk_create_ticket_comment: Create a new comment on an existing ticket
R zendesk_get_ticket: Retrieve a ticket by its ID
A update_ticket: Update fields on an existing ticket
A escalate_ticket: Hand the ticket to second level
A assign_ticket: Give a ticket to somebody
A close_ticket: Close a ticket
A reopen_ticket: Open a closed ticket again
A twilio_send_sms: Send a text message to a phone number
A make_call: Call a phone number and speak a text
A post_tweet: Post a new tweet
A like_tweet: Like a tweet
A retweet: Repost a tweet
A follow_user: Follow a user
R get_timeline: Get the home timeline
R search_tweets: Search recent tweets
R reddit_get_subreddit_hot_posts: Get hot posts
A linkedin_create_post: Publish a post
R youtube_get_transcript: Get the transcript of a video
R get_video_details: Get details of a video
A upload_video: Upload a video to the channel
A figma_set_text: Set the text of a node
R get_figma_data: Get layout information of a file
R get_code: Generate UI code for a given node
R get_screenshot: Get a screenshot of the selection
A create_rectangle: Create a rectangle
A generate_image: Generate an image from a prompt and save it
R describe_image: Describe what an image shows
R ocr_image: Extract text from an image
R transcribe_audio: Turn speech into text
A text_to_speech: Convert text to speech and save the audio file
A clone_voice: Clone a voice from audio files
R translate_text: Translate a text
R detect_language: Detect the language of a text
R spell_check: Check the spelling
R summarize_text: Summarise a text
R classify_ticket: Say which kind a ticket is
R sentiment_analysis: Say how a text feels
R convert_currency: Convert an amount between currencies
R get_exchange_rates: Get current exchange rates
R get_stock_quote: Get a quote
A place_order: Place an order for a symbol
A cancel_order: Cancel an open order
A modify_order: Change an open order
R get_positions: Get open positions
R get_portfolio: Get holdings
A close_position: Close a position at market price
A buy_stock: Buy shares
A withdraw_funds: Withdraw to a bank account
A transfer_funds: Move money between accounts
A pay_bill: Pay a bill
A add_payee: Add a payee
A set_spending_limit: Set a limit of the card
A freeze_card: Freeze a card
A unfreeze_card: Make a card usable again
R list_payees: List payees
R check_balance: Check the balance
A issue_refund: Give money back
A apply_discount: Apply a discount to an order
A add_to_cart: Put an item into the cart
A checkout: Buy what is in the cart
R view_cart: Show the cart
R track_package: Where a parcel is
A book_flight: Book a flight
R search_flights: Search for flights
A check_in: Check a passenger in
R get_seat_map: Get the seat map
A submit_expense: Hand in an expense report
A approve_expense: Approve an expense report
A reject_request: Reject a request
A grant_access: Grant a user access to a resource
A revoke_access: Take a user's access away
A add_member: Add a member to a group
A remove_member: Remove a member from a group
A reset_password: Reset the password of a user
A change_role: Change the role of a user
A create_user: Create a user
A deactivate_user: Deactivate a user
R list_permissions: List the permissions of a user
R check_permission: Whether a user may do something
A disable_mfa: Switch off the second factor
A import_contacts: Import contacts from a file
R export_contacts: Give all contacts as CSV
A sync_calendar: Synchronise the calendar with the provider
A subscribe_newsletter: Subscribe an address
A unsubscribe: Unsubscribe an address from the list
A join_channel: Join a channel
A leave_channel: Leave a channel
A archive_channel: Archive a channel
A set_topic: Set the topic of a channel
A pin_message: Pin a message
A kick_member: Remove a member from the server
A ban_user: Ban a user
A discord_send: Send a message to a channel
R discord_read_messages: Read the latest messages of a channel
A discord_login: Log in with the configured token
A telegram_send_message: Send a message to a chat
R telegram_get_updates: Get incoming updates
A whatsapp_send_file: Send a file to a contact
R whatsapp_list_chats: List chats
A email_move: Move a mail to another folder
R email_search: Search mail
R email_read: Read a mail
R mail_list_folders: List folders
A mail_mark_read: Mark a mail as read
A message_send: Send a message
R message_list: List messages
R get_message_status: Whether a message was delivered
R list_scheduled_jobs: List jobs
A schedule_job: Run a job later
A trigger_pipeline: Start a pipeline
R pipeline_status: The state of a pipeline
R get_build_log: Get the log of a build
A retry_build: Start a build again
A promote_release: Promote a release to production
A rollback_deployment: Go back to the release before
A feature_flag_toggle: Switch a flag
R feature_flag_get: Read a flag
R datadog_query_metrics: Query metrics
A datadog_mute_monitor: Mute a monitor
R get_monitors: Get monitors
R list_incidents: List incidents
A pagerduty_acknowledge_incident: Acknowledge an incident
A pagerduty_resolve_incident: Resolve an incident
A resolve_alert: Mark an alert as resolved
R grafana_search_dashboards: Search dashboards
A update_dashboard: Create or update a dashboard
R query_prometheus: Query Prometheus using a PromQL expression
R query_loki_logs: Query logs
R list_alert_rules: List alert rules
R nmap_scan: Scan a host
R dns_lookup: Resolve a host name
R resolve_hostname: Resolve a host name to addresses
R ping_host: Ping a host
R http_get: Fetch a resource
A http_post: Send data to an address
A http_request: Make a request with any method
A curl: Send an HTTP request
A webhook_call: Call a webhook
A ssh_exec: Run a command on a remote host
A scp_upload: Copy a file to a remote host
A run_python: Run Python code
A execute_code: Execute code in a sandbox
A eval_js: Evaluate a script
A jupyter_execute_cell: Execute a cell
A npm_install: Install a package
R npm_search: Search packages
R pip_show: Show a package
R lint_code: Check code for problems
R get_diagnostics: Get diagnostics of a file
A format_code: Rewrite a file in the standard style
A rename_symbol: Rename a symbol in the whole project
R find_references: Find references of a symbol
R goto_definition: Go to where a symbol is defined
A run_tests: Run the tests
A git_push: Push commits to the remote
A git_pull: Fetch and merge from the remote
R git_blame: Show who changed each line
A git_stash: Stash changes
A git_merge: Merge a branch
A git_tag: Create a tag
R git_fetch_log: Show what was fetched
A obsidian_append_content: Append content to a note
A obsidian_delete_file: Delete a file of the vault
R obsidian_get_file_contents: Return the content of a file of the vault
R obsidian_simple_search: Search the vault
A obsidian_patch_content: Insert content relative to a heading
R zotero_search_items: Search items
R arxiv_download_paper: Download a paper
R pubmed_search: Search articles
R wikipedia_summary: The summary of an article
R list_allowed_directories: List the directories the server may use
R directory_size: How large a directory is
A copy_file: Copy a file
A compress_files: Pack files into an archive
A extract_archive: Unpack an archive
A set_reminder: Set a reminder
A create_note: Create a note
A append_note: Append to a note
R daily_briefing: What is on today
R get_free_slots: Free times of several people
A find_and_replace: Find text and replace it
A get_or_create_label: Get a label, or create it
A fetch_and_store: Fetch a page and store it
A upsert_record: Insert or update a record
R patient_lookup: Look up a patient
A order_medication: Order a medication
A discharge_patient: Discharge a patient
A prescription_refill: Refill a prescription
R lab_results: Lab results of a patient
R get_balance: Get the balance of the account.
R get_iban: Get the IBAN of the current bank account.
R get_most_recent_transactions: Get the list of the most recent transactions, e.g
R get_scheduled_transactions: Get the list of scheduled transactions.
R get_user_info: Get the user information.
R read_file: Reads the contents of the file at the given path.
A schedule_transaction: Schedule a transaction.
A send_money: Sends a transaction to the recipient.
A update_password: Update the user password.
A update_scheduled_transaction: Update a scheduled transaction.
A update_user_info: Update the user information.
A add_user_to_channel: Add a user to a given channel.
R get_channels: Get the list of channels in the slack.
R get_users_in_channel: Get the list of users in the given channel.
R get_webpage: Returns the content of the webpage at a given URL.
A invite_user_to_slack: Invites a user to the Slack workspace.
A post_webpage: Posts a webpage at a given URL with the given content.
R read_channel_messages: Read the messages from the given channel.
R read_inbox: Read the messages from the given user inbox.
A remove_user_from_slack: Remove a user from the Slack workspace.
A send_channel_message: Send a channel message from 'author' to 'channel' with the given 'content'.
A send_direct_message: Send a direct message from 'author' to 'recipient' with the given 'content'.
R check_restaurant_opening_hours: Get the openning hours of the given restaurants, check if the restaurant is open.
A create_calendar_event: Creates a new calendar event with the given details and adds it to the calendar
R get_all_car_rental_companies_in_city: Get all car rental companies in the given city.
R get_all_hotels_in_city: Get all hotels in the given city.
R get_all_restaurants_in_city: Get all restaurants in the given city.
R get_car_fuel_options: Get the fuel options of the given car rental companies.
R get_car_price_per_day: Get the price per day of the given car rental companies.
R get_car_rental_address: Get the address of the given car rental companies.
R get_car_types_available: Get the car types available for the given car rental companies.
R get_contact_information_for_restaurants: Get the contact information of the given restaurants.
R get_cuisine_type_for_restaurants: Get the cuisine type of the given restaurants, could be: Italian, Chinese, Indian, Japanes
R get_day_calendar_events: Returns the appointments for the given 'day'
R get_dietary_restrictions_for_all_restaurants: Get the dietary restrictions of the given restaurants, could be: Vegetarian, Vegan, Gluten
R get_flight_information: Get the flight information from the departure city to the arrival city.
R get_hotels_address: Get the address of the given hotel.
R get_hotels_prices: Get all hotels within the given budget, should be within the price range.
R get_price_for_restaurants: Get the price per person of the given restaurants.
R get_rating_reviews_for_car_rental: Get the rating and reviews for the given car rental companies.
R get_rating_reviews_for_hotels: Get the rating and reviews for the given hotels.
R get_rating_reviews_for_restaurants: Get the rating and reviews for the given restaurants.
R get_restaurants_address: Get the address of the given restaurants.
R get_user_information: Get the user information, could be: first name, last name, ID number, email, phone number,
A reserve_car_rental: Makes a reservation for a car rental with the provided details.
A reserve_hotel: Makes a reservation for a hotel with the provided details..
A reserve_restaurant: Makes a reservation for a restaurant with the provided details.
R search_calendar_events: Searches calendar events that match the given query in the tile or the description
A send_email: Sends an email with the given 'body' to the given 'address'
A add_calendar_event_participants: Adds the given 'participants' to the event with the given 'event_id'
A append_to_file: Append content to a file in the cloud drive.
A cancel_calendar_event: Cancels the event with the given 'event_id'
A create_file: Create a new file in the cloud drive.
A delete_email: Deletes the email with the given 'email_id' from the inbox.
A delete_file: Delete a file from the cloud drive by its filename
R get_current_day: Returns the current day in ISO format, e.g
R get_draft_emails: Returns all the draft emails in the inbox
R get_file_by_id: Get a file from a cloud drive by its ID.
R get_received_emails: Returns all the received emails in the inbox
R get_sent_emails: Returns all the sent emails in the inbox
R get_unread_emails: Returns all the unread emails in the inbox
R list_files: Retrieve all files in the cloud drive.
A reschedule_calendar_event: Reschedules the event with the given 'event_id' to the new start and end times
R search_contacts_by_email: Finds contacts in the inbox's contact list by email
R search_contacts_by_name: Finds contacts in the inbox's contact list by name
R search_emails: Searches for emails in the inbox that contain the given query in the subject or body
R search_files: Search for files in the cloud drive by content.
R search_files_by_filename: Get a file from a cloud drive by its filename
A share_file: Share a file with a user.
A Bash: Run a shell command
R Read: Read a file
A Edit: Replace text in a file
A Write: Write a file
R Grep: Search file contents
R LS: List a directory
A Task: Start a sub-agent
R WebFetch: Fetch a web page and answer a question about it
R WebSearch: Search the web
A add_footnote_to_document: Add a footnote to a specific paragraph in a Word document.
A add_heading: Add a heading to a Word document.
A add_paragraph: Add a paragraph to a Word document.
A add_picture: Add an image to a Word document.
A add_slide: Add a new slide to the presentation with optional background styling.
A add_slide_with_layout: Inserts a new slide with a specified layout into a presentation and returns a JSON string
A add_table: Add a table to a Word document.
R airbnb_search: Search for Airbnb listings with various filters and pagination
R analyze_commute: Perform a detailed commute analysis between home and work locations
R analyze_neighborhood: Generate a comprehensive neighborhood analysis focused on livability factors
A apply_professional_design: Unified professional design tool for themes, slides, and visual enhancements
A auto_generate_presentation: Automatically generate a presentation based on topic and preferences
R calculate: Calculates/evaluates the given expression.
A convert_to_pdf: Convert a Word document to PDF format.
A create_directory: Create a new directory or ensure a directory exists
A create_document: Create a new Word document with optional metadata.
A create_presentation: Create a new PowerPoint presentation.
R deepwiki_fetch: Fetch a deepwiki.com repo and return Markdown
R directory_tree: Get a recursive tree view of files and directories as a JSON structure
R document_reader: Read content from non-image document-files at specified paths, supporting various file for
A drawing_fillRectangle: Fill a rectangle on the drawing canvas with a specified color and coordinates.
A drawing_generateCanvas: Generate a new drawing canvas with specified width and height.
R duckduckgo_web_search: Performs a web search using the DuckDuckGo, ideal for general queries, news, articles, and
A edit_text_file_contents: A line editor that supports editing text file contents by specifying line ranges and conte
R excel_describe_sheets: List all sheet information of specified Excel file
R excel_read: Read Excel file and convert to JSON format while preserving structure
R excel_read_sheet: Read values from Excel sheet with pagination.
R exchange_rate: Retrieves exchange rates using Norges Bank's API
R explore_area: Generate a comprehensive profile of an area including all amenities and features
R extract_key_facts: Extract key facts from a Wikipedia article, optionally focused on a topic.
R fetch: Fetches a URL from the internet and optionally extracts its contents as markdown
R fetch_html: Fetch a website and return the content as HTML
R fetch_txt: Fetch a website, return the content as plain text (no HTML)
R find_ev_charging_stations: Locate electric vehicle charging stations near a specific location
R find_nearby_places: Discover points of interest and amenities near a specific location
R find_parking_facilities: Locate parking facilities near a specific location
R geocode_address: Convert an address or place name to geographic coordinates with detailed location informat
R get-crypto-price: Get current price and 24h stats for a cryptocurrency
R get-current-date: 获取当前日期，以上海时区（Asia/Shanghai, UTC+8）为准，返回格式为 "yyyy-MM-dd"。主要用于解析用户提到的相对日期（如“明天”、“下周三”），为其他需要
R get-historical-analysis: Get historical price analysis with customizable timeframe
R get-market-analysis: Get detailed market analysis including top exchanges and volume distribution
R get-museum-object: Get a museum object by its ID, from the Metropolitan Museum of Art Collection
R get-station-code-by-names: 通过具体的中文车站名查询其 'station_code' 和车站名。此接口主要用于在用户提供**具体车站名**作为出发地或到达地时，为接口准备 'station_code' 参数。
R get-station-code-of-citys: 通过中文城市名查询代表该城市的 'station_code'。此接口主要用于在用户提供**城市名**作为出发地或到达地时，为接口准备 'station_code' 参数。
R get-tickets: 查询12306余票信息。
R getBaziDetail: 根据时间（公历或农历）、性别来获取八字信息。solarDatetime和lunarDatetime必须传且只传其中一个。
R getChineseCalendar: 获取指定公历时间（默认今天）的黄历信息。
R getComments: Get comments for a story
R getStories: Get multiple stories by type (top, new, best, ask, show, job)
R get_asset_price: Retrieves current pricing information for various assets including precious metals and cry
R get_card_by_id: 通过卡牌ID获取单张游戏王卡牌的详细信息
R get_card_image: 通过卡牌ID获取游戏王卡牌的图片
R get_crypto_fear_greed_index: Get historical Crypto Fear & Greed Index data.
R get_current_stock_price: Get the current stock price based on stock symbol.
R get_document_info: Get information about a Word document.
R get_file_info: Retrieve detailed metadata about a file or directory including:                         -
R get_github_trending_repositories: Get trending repositories on github
R get_paper_data: Get detailed information about a specific paper including abstract and available formats
R get_price_history: Fetch historical price data for a given stock symbol over a specified period and interval.
R get_recommendations: Get analyst recommendations for a given symbol.
R get_route_directions: Calculate detailed route directions between two geographic points
R get_sitemap_stats: Get comprehensive statistics about a website's sitemap structure
R get_sitemap_tree: Fetch and parse the sitemap tree from a website URL
R get_text_file_contents: Read text file contents from multiple files and line ranges
R get_ticker_data: Returns: - info: Core financial metrics (P/E ratios, margins, growth rates, debt ratios, m
R get_ticker_info: Retrieve stock data including company info, financials, trading metrics and governance dat
R get_transcript: Extract transcript from a YouTube video URL or ID
R get_weather_by_city: Get weather for a city by name using geocoding
R git_branch: List Git branches
R git_status: Shows the working tree status
A interact_with_process: Send input to a running process and automatically receive the response
R list_directory: Get a detailed listing of all files and directories in a specified path
R load: Loads an audio file and returns the path to the audio time series Offset and duration are
R lol-champion-analysis: Retrieves very detailed information about a specific champion, such as win rate, pick rate
R lol-champion-positions-data: Retrieves the analytics of champions by each positions
A manage_text: Unified text management tool for adding, formatting, validating text, and formatting multi
R mcp_howtocook_getRecipeById: 根据菜谱名称或ID查询指定菜谱的完整详情，包括食材、步骤等
R mcp_howtocook_recommendMeals: 根据用户的忌口、过敏原、人数智能推荐菜谱，创建一周的膳食计划以及大致的购物清单
R mcp_howtocook_whatToEat: 不知道吃什么？根据人数直接推荐适合的菜品组合
A move_file: Move or rename files and directories
R npmCompare: Compare multiple NPM packages based on various metrics
R npmMaintenance: Analyze package maintenance metrics
R npmQuality: Analyze package quality metrics
R package_search: Search for packages (datasets) on Data.gov
A pdf_merger: Merge multiple PDF files into one
R random_sample: Choose k unique items from population without replacement
R read_content: Read a file's raw content by path or permalink
R read_multiple_files: Read the contents of multiple files simultaneously
R read_pdf: Reads content/metadata from one or more PDFs (local/URL)
A save_presentation: Save a presentation to a file.
R search: Search for stories and comments on Hacker News
R search-museum-objects: Search for objects in the Metropolitan Museum of Art (Met Museum)
R search_cards: 通过关键字搜索游戏王卡牌，可以搜索卡牌名称、效果文本等。
R search_category: Search for specific types of places within a defined geographic area
R search_notes: Search across all content in the knowledge base with advanced syntax support.
R search_papers: Search for papers on arXiv by title and abstract content
R search_wikipedia: Search Wikipedia for articles matching a query.
A start_process: Start a new terminal process with intelligent state detection
R suggest_meeting_point: Find the optimal meeting place for multiple people coming from different locations
R summarize_article_for_query: Get a summary of a Wikipedia article tailored to a specific query.
R trial_getter: Fetch comprehensive details for a specific clinical trial
R trial_outcomes_getter: Fetch outcome measures and results for a clinical trial
R validateMermaid: Validates a Mermaid diagram and returns the rendered SVG if valid
R valorant-leaderboard: Fetch Valorant leaderboard by region
R whois_domain: Looksup whois information about the domain
A write_file: Write or append to file contents
A write_note: Create or update a markdown note
A create_MedicationRequest: MedicationRequest.Create
A create_Observation: Observation.Create (Vitals) The FHIR Observation.Create (Vitals) resource can file to all
A create_ServiceRequest: ServiceRequest.Create
R get_Condition: Condition.Search (Problems) This web service retrieves problems from a patient's chart
R get_MedicationRequest: MedicationRequest.Search (Signed Medication Order) You can use the search interaction to q
R get_Observation: Observation.Search (Labs) The Observation (Labs) resource returns component level data for
R get_Patient: Patient.Search This web service allows filtering or searching for patients based on a numb
R get_Procedure: Procedure.Search (Orders) The FHIR Procedure resource defines an activity performed on or
A python: Run Python code in the interpreter and return what it prints
A bash: Run a command in the repository shell (also the editor commands open, goto, edit, create,
A cancel_pending_order: Cancel a pending order
A exchange_delivered_order_items: Exchange items in a delivered order to new items of the same product type
R find_user_id_by_email: Find user id by email
R find_user_id_by_name_zip: Find user id by first name, last name, and zip code
R get_order_details: Get the status and details of an order.
R get_product_details: Get the inventory details of a product.
R get_user_details: Get the details of a user, including their orders.
R list_all_product_types: List the name and product id of all product types
A modify_pending_order_address: Modify the shipping address of a pending order
A modify_pending_order_items: Modify items in a pending order to new items of the same product type
A modify_pending_order_payment: Modify the payment method of a pending order
A modify_user_address: Modify the default address of a user
A return_delivered_order_items: Return some items of a delivered order
R think: Use the tool to think about something
A transfer_to_human_agents: Transfer the user to a human agent, with a summary of the user's issue
A book_reservation: Book a reservation.
A cancel_reservation: Cancel the whole reservation.
R get_reservation_details: Get the details of a reservation.
R list_all_airports: List all airports and their cities.
R search_direct_flight: Search direct flights between two cities on a specific date.
R search_onestop_flight: Search direct flights between two cities on a specific date.
A send_certificate: Send a certificate to a user
A update_reservation_baggages: Update the baggage information of a reservation.
A update_reservation_flights: Update the flight information of a reservation.
A update_reservation_passengers: Update the passenger information of a reservation.
R get_flight_status: Get the status of a flight.
R get_item_details: Get the inventory details of an item.
A disable_roaming: Disables international roaming on a line.
A enable_roaming: Enables international roaming on a line.
R get_bills_for_customer: Retrieves a list of the customer's bills, most recent first.
R get_customer_by_id: Retrieves a customer directly by their unique ID.
R get_customer_by_name: Searches for customers by name and DOB
R get_customer_by_phone: Finds a customer by their primary contact or line phone number.
R get_data_usage: Retrieves current billing cycle data usage for a line, including data refueling amount, da
R get_details_by_id: Retrieves the details for a given ID
A refuel_data: Refuels data for a specific line, adding to the customer's bill
A resume_line: Resumes a suspended line
A send_payment_request: Sends a payment request to the customer for a specific bill
A suspend_line: Suspends a specific line (max 6 months)
A create_task: Create a new task for a user.
R get_users: Get all users in the database.
A update_task_status: Update the status of a task.
A analytics.create_plot: Plots the analytics data for a given time range and value.
R analytics.engaged_users_count: Returns the number of engaged users within a specified time range.
R analytics.get_average_session_duration: Returns the average session duration within a specified time range.
R analytics.get_visitor_information_by_id: Returns the analytics data for a given visitor ID.
R analytics.total_visits_count: Returns the total number of visits within a specified time range.
R analytics.traffic_source_count: Returns the number of visits from a specific traffic source within a specified time range.
A calendar.create_event: Creates a new event.
A calendar.delete_event: Deletes an event.
R calendar.get_event_information_by_id: Returns the event for a given ID.
R calendar.search_events: Returns the events for a given query.
A calendar.update_event: Updates an event.
R company_directory.find_email_address: Finds the email address of an employee by their name.
A customer_relationship_manager.add_customer: Adds a new customer record.
A customer_relationship_manager.delete_customer: Deletes a customer record by ID.
R customer_relationship_manager.search_customers: Searches for customers based on the given parameters.
A customer_relationship_manager.update_customer: Updates a customer record by ID.
A email.delete_email: Deletes an email by its ID.
A email.forward_email: Forwards an email to the specified recipient.
R email.get_email_information_by_id: Retrieves specific details of an email by its ID.
A email.reply_email: Replies to an email by its ID.
R email.search_emails: Searches for emails matching the given query across subject, body, or sender fields
A email.send_email: Sends an email to the specified recipient.
A project_management.create_task: Creates a new task.
A project_management.delete_task: Deletes a task by ID.
R project_management.get_task_information_by_id: Returns the task infomration for a given ID.
R project_management.search_tasks: Searches for tasks based on the given parameters.
A project_management.update_task: Updates a task by ID.
R echo: Echoes back the input string
R get-annotated-message: Demonstrates how annotations can be used to provide metadata about content.
R get-env: Returns all environment variables, helpful for debugging MCP server configuration
R get-resource-links: Returns up to ten resource links that reference different types of resources
R get-resource-reference: Returns a resource reference that can be used by MCP clients
R get-structured-content: Returns structured content along with an output schema for client data validation
R get-sum: Returns the sum of two numbers
R get-tiny-image: Returns a tiny MCP logo image.
A toggle-simulated-logging: Toggles simulated, random-leveled logging on or off.
A toggle-subscriber-updates: Toggles simulated resource subscription updates on or off.
R read_text_file: Read the complete contents of a file from the file system as text
R read_media_file: Read a file and return it as a base64-encoded content block with its MIME type
A edit_file: Make line-based edits to a text file
R list_directory_with_sizes: Get a detailed listing of all files and directories in a specified path, including sizes
R git_diff_unstaged: Shows changes in the working directory that are not yet staged
R git_diff_staged: Shows changes that are staged for commit
R git_diff: Shows differences between branches or commits
A git_commit: Records changes to the repository
A git_add: Adds file contents to the staging area
A git_reset: Unstages all staged changes
R git_log: Shows the commit logs
A git_create_branch: Creates a new branch from an optional base branch
A git_checkout: Switches branches
R git_show: Shows the contents of a commit, or of a file or directory given as <revision>:<path>
A create_entities: Create multiple new entities in the knowledge graph
A create_relations: Create multiple new relations between entities in the knowledge graph
A add_observations: Add new observations to existing entities in the knowledge graph
A delete_entities: Delete multiple entities and their associated relations from the knowledge graph
A delete_observations: Delete specific observations from entities in the knowledge graph
A delete_relations: Delete multiple relations from the knowledge graph
R read_graph: Read the entire knowledge graph
R open_nodes: Open specific nodes in the knowledge graph by their names
R read_query: Execute a SELECT query on the SQLite database
A write_query: Execute an INSERT, UPDATE, or DELETE query on the SQLite database
A create_table: Create a new table in the SQLite database
R list_tables: List all tables in the SQLite database
R describe_table: Get the schema information for a specific table
A append_insight: Add a business insight to the memo
R get_current_time: Get current time in a specific timezone
R convert_time: Convert time between timezones
`;

export const JUDGED_TOOLS: readonly JudgedTool[] = TEXT.trim()
  .split("\n")
  .map((line) => {
    const [, verdict, name = "", description = ""] = /^([AR]) (\S+?):? (.*)$/.exec(line) ?? [];
    return { acts: verdict === "A", name, description };
  });
